"""Plans cut at a period: what is left of one, and two joined together."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from meio.network.compiled import Floats
from meio.optimizer.prices import fields
from meio.plans import CapacityPrices, Plan


def without_first(plan: Plan, period: int) -> Plan:
    """A plan without its first periods; figures about the whole horizon stay."""

    def left(prices: CapacityPrices) -> CapacityPrices:
        return CapacityPrices(*(part[..., period:] for part in fields(prices)))

    refinement = plan.refinement
    return replace(
        plan,
        targets=plan.targets[..., period:],
        unit_value=plan.unit_value[..., period:],
        prices=left(plan.prices),
        use=left(plan.use),
        refinement=refinement
        and refinement._replace(prices=left(refinement.prices), shift=refinement.shift[..., period:]),
    )


def from_period(period: int, former: Plan, new: Plan) -> Plan:
    """The former plan up to a period, then the new one; figures about the whole horizon are those of the former."""

    def joined(before: Floats, after: Floats) -> Floats:
        return np.concatenate([before[..., :period], after], axis=-1)

    def prices(before: CapacityPrices, after: CapacityPrices) -> CapacityPrices:
        return CapacityPrices(*map(joined, fields(before), fields(after)))

    refinement = former.refinement
    if refinement is not None and new.refinement is not None:
        refinement = refinement._replace(
            prices=prices(refinement.prices, new.refinement.prices),
            shift=joined(refinement.shift, new.refinement.shift),
        )
    return replace(
        former,
        targets=joined(former.targets, new.targets),
        lane_idx=new.lane_idx,
        unit_value=joined(former.unit_value, new.unit_value),
        prices=prices(former.prices, new.prices),
        refinement=refinement,
    )
