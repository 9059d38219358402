"""What makes the paths of different products depend on each other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from meio.network.compiled import Bools, CompiledScenario, Floats
from meio.network.model import Policy
from meio.simulation.capacity import daily_capacity

if TYPE_CHECKING:
    from meio.simulation.policies import AssignmentPolicy

ONE_PRODUCT_POLICIES = ("nearest", "priced", "reserve")
_SHOWN = 3


class CouplingError(ValueError):
    """Products were to be simulated apart, and depend on each other."""

    def __init__(self, found: list[str]) -> None:
        more = f" and {len(found) - _SHOWN:,} more" if len(found) > _SHOWN else ""
        super().__init__(
            f"products share {', '.join(found[:_SHOWN])}{more}: they can only be simulated together, in time order; "
            "leave out the shards or the sample"
        )


class SampleError(ValueError):
    """A sample that cannot be drawn, or does not tell enough."""


def couples(compiled: CompiledScenario, policy: Policy | AssignmentPolicy) -> list[str]:
    """What products share, so that one's path can depend on another's; empty: shards give the result of the whole.

    A capacity couples when it is limited and not zero on some day: without a limit nobody is in the way, and of nothing
    nobody gets anything. Whether it is ever full is not asked. Besides capacities, orders of several products couple,
    and policies that look at several orders at once or are not meio's own.

    Parameters
    ----------
    compiled : CompiledScenario
    policy : Policy or AssignmentPolicy

    Returns
    -------
    list of str
        One entry a place and kind of capacity, or other cause; ``storage of FC``, ``orders of several products``.
    """
    return [*shared_capacities(compiled), *shared_orders(compiled, policy)]


def shared_capacities(compiled: CompiledScenario) -> list[str]:
    """Capacities that products share."""
    nodes, names, capacity = compiled.nodes, compiled.names, daily_capacity(compiled)
    stored = np.where(nodes.stocks_type[:, :, None], nodes.storage_m3, np.inf)
    return [
        *_limited("storage of", names.nodes, np.moveaxis(_is_limit(stored), 0, -1)),
        *_limited("receiving at", names.nodes, _is_limit(capacity.inbound)),
        *_limited("shipping from", names.nodes, _is_limit(capacity.outbound)),
        *_limited("lane", names.lanes, _is_limit(capacity.lane)),
    ]


def shared_orders(compiled: CompiledScenario, policy: Policy | AssignmentPolicy) -> list[str]:
    """Orders that products share, and a policy that looks at several products."""
    recorded, baskets = compiled.conditions.recorded, compiled.conditions.basket_share
    several = bool((np.diff(recorded.line_ptr) > 1).any()) if recorded.given else bool((baskets[1:] > 0).any())
    name = policy if isinstance(policy, str) else policy.name
    apart = isinstance(policy, str) and policy in ONE_PRODUCT_POLICIES
    return [*(["orders of several products"] if several else []), *([] if apart else [f"the policy '{name}'"])]


def _is_limit(capacity: Floats) -> Bools:
    return (capacity > 0) & np.isfinite(capacity)


def _limited(kind: str, names: tuple[str, ...], limited: Bools) -> Iterator[str]:
    """Places limited on some day; [..., place]."""
    return (f"{kind} {names[index]}" for index in np.flatnonzero(limited.reshape(-1, len(names)).any(axis=0)))
