"""A plan of given targets, where what is measured is the simulator and not the planner."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from meio.network.compiled import CompiledScenario, Floats
from meio.plans import CapacityPrices, Plan


def plan_of(
    compiled: CompiledScenario,
    targets: Floats,
    unit_value: Floats | None = None,
    outbound_price: Floats | None = None,
) -> Plan:
    """Order up to the same targets in all periods, each node on its only lane.

    Parameters
    ----------
    compiled : CompiledScenario
    targets : array [product, node]
        Units.
    unit_value : array [product, node], optional
        Money per unit; none: 0.
    outbound_price : array [node], optional
        Money per unit; none: 0.

    Raises
    ------
    ValueError
        When a node has several lanes, or none.
    """
    names, num_periods = compiled.names, compiled.num_periods
    num_products, num_nodes, num_lanes = len(names.products), len(names.nodes), len(names.lanes)
    if compiled.lanes.node_idx.tolist() != list(range(num_nodes)):
        raise ValueError(
            f"one lane into each of {num_nodes} nodes is expected, found lanes into nodes "
            f"{compiled.lanes.node_idx.tolist()}"
        )

    def by_period(values: Floats | None, *shape: int) -> Floats:
        given = np.zeros(shape) if values is None else values
        return np.repeat(given[..., None], num_periods, axis=-1)

    prices = CapacityPrices(
        storage=np.zeros((num_nodes, len(names.storage_types), num_periods)),
        inbound=np.zeros((num_nodes, num_periods)),
        outbound=by_period(outbound_price, num_nodes),
        lane=np.zeros((num_lanes, num_periods)),
    )
    nothing: dict[str, Any] = {"convergence": pd.DataFrame(), "recovery": pd.DataFrame()}
    return Plan(
        name="given",
        targets=by_period(targets, num_products, num_nodes),
        lane_idx=np.tile(np.arange(num_lanes), (num_products, 1)),
        unit_value=by_period(unit_value, num_products, num_nodes),
        prices=prices,
        use=prices,
        lower_bound=np.nan,
        bound_kind="none",
        planned_cost=np.nan,
        dual_gap=np.nan,
        capacity_violation_max=0.0,
        iterations=0,
        seconds=0.0,
        **nothing,
    )
