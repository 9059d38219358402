"""Adding to the tally, and to each product's own part of it when that is kept."""

from __future__ import annotations

from meio.network.jit import kernel
from meio.simulation.tally import Tally


@kernel
def charge(tally: Tally, product: int, kind: int, money: float) -> None:
    """Add money of a kind that a product caused."""
    tally.money[kind] += money
    charge_product(tally, product, kind, money)


@kernel
def charge_product(tally: Tally, product: int, kind: int, money: float) -> None:
    """Add money of a kind to a product's own part alone."""
    if len(tally.product_money) > 0:
        tally.product_money[product, kind] += money


@kernel
def count(tally: Tally, product: int, speed: int, kind: int, amount: float) -> None:
    """Add units, days or orders of a speed that a product caused."""
    tally.service[speed, kind] += amount
    if len(tally.product_service) > 0:
        tally.product_service[product, speed, kind] += amount
