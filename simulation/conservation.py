"""A unit missing is an error that says where and when, never a rounding."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from meio.network.compiled import Names
from meio.simulation.state import State

if TYPE_CHECKING:
    from meio.simulation.conservation_kernels import Imbalance

_RULES = {
    "stock": "closing stock is not opening + received − shipped to customers − sent downstream",
    "orders": "received + in transit + waiting upstream + in the yard is not what was ordered",
    "position": "the inventory position is not on hand + on order − owed",
    "demand": "sold + lost + still owed is not demand",
}


class ConservationError(RuntimeError):
    """Units appeared or disappeared in a simulation."""


def imbalance_of(state: State) -> Imbalance:
    """Compare a replication's ledger with what its lists hold."""
    from meio.simulation.conservation_kernels import find_imbalance

    return find_imbalance(state.ledger, state.stock, state.transit, state.orders, state.customers)


def raise_imbalance(imbalance: Imbalance, names: Names, replication: int, day: int) -> None:
    """Name the first product, node and rule that do not balance.

    Parameters
    ----------
    imbalance : Imbalance
    names : Names
    replication : int
        From 0.
    day : int
        From 0 on the horizon's first day.

    Raises
    ------
    ConservationError
        When any difference is not zero.
    """
    for rule, differences in imbalance._asdict().items():
        if differences.any():
            place = int(np.flatnonzero(differences)[0])
            where = f"product {names.products[place]}" if rule == "demand" else _slot_name(place, names)
            when = f"day {day + 1} of replication {replication + 1}"
            raise ConservationError(f"{where}, {when}: {_RULES[rule]} ({differences[place]:+d} units)")


def _slot_name(slot: int, names: Names) -> str:
    product, node = divmod(slot, len(names.nodes))
    return f"product {names.products[product]} at {names.nodes[node]}"
