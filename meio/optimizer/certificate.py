"""The certificate: an expected cost that no policy can undercut in the simulator, and what it rests on."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Literal, NamedTuple

import numpy as np

from meio.network.compiled import DETERMINISTIC, EMPIRICAL, EMPIRICAL_LEAD_TIME, CompiledScenario, Floats, Ints
from meio.optimizer.certificate_model import CertificateModel, certificate_model
from meio.optimizer.lane_times import DEPARTURES_PER_DAY
from meio.optimizer.prices import capacities, fields, priced
from meio.plans import CapacityPrices

PRICE_SCALES = (1.0, 0.5, 0.0)
_SAMPLE = 32  # products on which the scale is chosen, at least where there are more
_PRODUCTS_PER_BLOCK = 16
_WHOLE = 1e-9  # of a unit: the simulator takes this much less for enough


class Certificate(NamedTuple):
    """A lower bound on the expected simulated cost of every policy."""

    lower_bound: float
    """Money over the horizon; NaN when none is claimed."""
    kind: Literal["valid", "none"]
    conditions: tuple[str, ...]
    """What holds, what did not and weakened the bound, and why none is claimed."""


def certify(
    compiled: CompiledScenario, prices: CapacityPrices, workers: int = 1, *, window_sharing: float = 1.0
) -> Certificate:
    """The best bound that these prices, parts of them, or none give.

    Parameters
    ----------
    compiled : CompiledScenario
    prices : CapacityPrices
        Of capacities, at least 0; any are valid.
    workers : int
        Threads; the bound does not depend on it.
    window_sharing : float
        1 shares a lost unit among all windows that hold it. More than 1 is not a bound: it shows that the check on
        simulated costs finds a wrong one.
    """
    model = certificate_model(compiled)
    limit = capacities(compiled).limit
    scaled = [_usable(prices, limit, scale, compiled.costs.overflow_per_m3_day) for scale in PRICE_SCALES]
    charge = [compiled.period_days * priced(one, _admitted(limit)) for one in scaled]
    every = np.arange(len(model.volume_m3))
    sample = every[:: max(1, len(every) // _SAMPLE)]
    weight = len(every) / len(sample)
    tried = [_by_product(model, one, sample, workers, window_sharing) for one in scaled]
    totals = [weight * bound[sample].sum() - cost for (bound, _), cost in zip(tried, charge, strict=True)]
    best = int(np.argmax(totals))
    bound, stock = tried[best]
    if len(sample) < len(every):
        bound, stock = _by_product(model, scaled[best], every, workers, window_sharing)
    total = float(bound.sum()) - charge[best]
    kind: Literal["valid", "none"] = "valid" if np.isfinite(total) else "none"
    return Certificate(total if kind == "valid" else np.nan, kind, tuple(_conditions(compiled, model, stock)))


def _usable(prices: CapacityPrices, limit: CapacityPrices, scale: float, overflow: float) -> CapacityPrices:
    """Prices times a scale, none where nothing is limited; nobody pays more for storage than for overflow."""
    parts = zip(fields(prices), fields(limit), strict=True)
    storage, *flows = (np.where(np.isfinite(cap), scale * np.maximum(price, 0.0), 0.0) for price, cap in parts)
    return CapacityPrices(np.minimum(storage, overflow), *flows)


def _admitted(limit: CapacityPrices) -> CapacityPrices:
    """Capacity with the rounding that the simulator allows."""
    return CapacityPrices(*(part + _WHOLE for part in fields(limit)))


def _by_product(
    model: CertificateModel, prices: CapacityPrices, products: Ints, workers: int, sharing: float
) -> tuple[Floats, Floats]:
    """Bound of some products and its part for stock, each [product]."""
    from meio.optimizer.certificate_kernels import bound_block

    bound, stock = np.zeros(len(model.volume_m3)), np.zeros(len(model.volume_m3))

    def solve(first: int) -> None:
        bound_block(model, *fields(prices), sharing, products[first : first + _PRODUCTS_PER_BLOCK], bound, stock)

    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(solve, range(0, len(products), _PRODUCTS_PER_BLOCK)))
    return bound, stock


def _conditions(compiled: CompiledScenario, model: CertificateModel, stock: Floats) -> list[str]:
    """What was checked, a sentence each."""
    lanes, demand = compiled.lanes, compiled.demand
    overtaken = int(lanes.crossover.sum())
    unbounded = int(((lanes.lead_time_kind != DETERMINISTIC) & (lanes.lead_time_kind != EMPIRICAL_LEAD_TIME)).sum())
    by_period = int((demand.stream_kind >= EMPIRICAL).sum())
    without = int((stock <= 0.0).sum())
    start = "is what the scenario gives" if not model.start_is_free else "is the policy's choice, at its end value"
    often = f"{DEPARTURES_PER_DAY} departures of a product on a lane and day"
    found = [
        (True, f"opening stock {start}"),
        (overtaken > 0, f"orders can overtake each other on {overtaken} lanes: least lead time for shortages there"),
        (
            unbounded > 0,
            f"no longest lead time on {unbounded} lanes: expected time on the way for holding, given at most {often}",
        ),
        (by_period > 0, f"{by_period} streams draw demand by period: stock reckoned on the periods' first days"),
        (True, "stock is counted for the network as a whole, not by site"),
        (without > 0, f"no cost of stock and shortages is counted for {without} of {len(stock)} products"),
    ]
    return [text for holds, text in found if holds]
