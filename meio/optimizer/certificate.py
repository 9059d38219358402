"""The certificate: an expected cost that no policy can undercut in the simulator, and what it rests on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Literal, NamedTuple

import numpy as np

from meio.network.compiled import DETERMINISTIC, EMPIRICAL, EMPIRICAL_LEAD_TIME, CompiledScenario, Ints
from meio.optimizer.certificate_model import CertificateModel, certificate_model, start_is_free
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
    conditions: tuple[str, ...]
    """What holds, what did not and weakened the bound, and why none is claimed."""

    @property
    def kind(self) -> Literal["valid", "none"]:
        """Whether a bound is claimed."""
        return "none" if np.isnan(self.lower_bound) else "valid"


class Bounds(NamedTuple):
    """What products cost at least while capacity is paid for; sums over products, so those of blocks add up."""

    value: float
    """Money over the horizon; -inf: not bounded."""
    products: int
    unbounded: int
    """Products that may cost anything."""
    without_stock: int
    """Products of which no cost of stock and shortages is counted."""
    by_period: int
    """Streams of demand that are drawn by period."""


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
    model, scaled = certificate_model(compiled), scaled_prices(compiled, prices)
    every = np.arange(len(model.volume_m3))
    sample = every[:: max(1, len(every) // _SAMPLE)]
    tried = [_bounds(model, one, sample, workers, window_sharing) for one in scaled]
    best = best_scale(compiled, scaled, [len(every) / len(sample) * bounds.value for bounds in tried])
    if len(sample) < len(every):
        tried[best] = _bounds(model, scaled[best], every, workers, window_sharing)
    return certificate(compiled, scaled[best], tried[best])


def scaled_prices(network: CompiledScenario, prices: CapacityPrices) -> list[CapacityPrices]:
    """Prices that a bound may begin from: these by each of `PRICE_SCALES`, as far as they can bind."""
    limit, overflow = capacities(network).limit, network.costs.overflow_per_m3_day
    return [_usable(prices, limit, scale, overflow) for scale in PRICE_SCALES]


def best_scale(network: CompiledScenario, scaled: Sequence[CapacityPrices], values: Sequence[float]) -> int:
    """Which of some prices give the highest bound, from `Bounds.value` of all products, or an estimate, at each."""
    return int(np.argmax([value - _repaid(network, one) for one, value in zip(scaled, values, strict=True)]))


def bounds_of(compiled: CompiledScenario, prices: CapacityPrices, workers: int = 1) -> Bounds:
    """What the products of a scenario cost at least at one of `scaled_prices`."""
    model = certificate_model(compiled)
    return _bounds(model, prices, np.arange(len(model.volume_m3)), workers, 1.0)


def summed_bounds(parts: Iterable[Bounds]) -> Bounds:
    """Bounds of all products from those of their blocks, in their order."""
    value, *counts = zip(*parts, strict=True)
    return Bounds(float(np.sum(value)), *(sum(count) for count in counts))


def certificate(network: CompiledScenario, prices: CapacityPrices, bounds: Bounds) -> Certificate:
    """What the bounds of all products at some prices prove; of the products, `network` may hold any."""
    conditions = tuple(_conditions(network, bounds))
    if bounds.unbounded:
        return not_claimed(f"{bounds.unbounded} products are not bounded", *conditions)
    return Certificate(bounds.value - _repaid(network, prices), conditions)


def not_claimed(reason: str, *conditions: str) -> Certificate:
    """No bound, and why."""
    return Certificate(np.nan, (f"not claimed: {reason}", *conditions))


def _repaid(network: CompiledScenario, prices: CapacityPrices) -> float:
    """What all capacity earns at these prices, with the rounding that the simulator allows."""
    admitted = CapacityPrices(*(part + _WHOLE for part in fields(capacities(network).limit)))
    return network.period_days * priced(prices, admitted)


def _usable(prices: CapacityPrices, limit: CapacityPrices, scale: float, overflow: float) -> CapacityPrices:
    """Prices times a scale, none where nothing is limited; nobody pays more for storage than for overflow."""
    parts = zip(fields(prices), fields(limit), strict=True)
    storage, *flows = (np.where(np.isfinite(cap), scale * np.maximum(price, 0.0), 0.0) for price, cap in parts)
    return CapacityPrices(np.minimum(storage, overflow), *flows)


def _bounds(model: CertificateModel, prices: CapacityPrices, products: Ints, workers: int, sharing: float) -> Bounds:
    """Bounds of some products."""
    from meio.optimizer.certificate_kernels import bound_block

    bound, stock = np.zeros(len(model.volume_m3)), np.zeros(len(model.volume_m3))

    def solve(first: int) -> None:
        bound_block(model, *fields(prices), sharing, products[first : first + _PRODUCTS_PER_BLOCK], bound, stock)

    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(solve, range(0, len(products), _PRODUCTS_PER_BLOCK)))
    found, kept = bound[products], stock[products]
    by_period = int((model.demand.stream_kind >= EMPIRICAL).sum())
    unbounded = int((~np.isfinite(found)).sum())
    return Bounds(float(found.sum()), len(products), unbounded, int((kept <= 0.0).sum()), by_period)


def _conditions(network: CompiledScenario, bounds: Bounds) -> list[str]:
    """What was checked, a sentence each."""
    lanes = network.lanes
    overtaken = int(lanes.crossover.sum())
    unbounded = int(((lanes.lead_time_kind != DETERMINISTIC) & (lanes.lead_time_kind != EMPIRICAL_LEAD_TIME)).sum())
    by_period, without = bounds.by_period, bounds.without_stock
    start = "is the policy's choice, at its end value" if start_is_free(network) else "is what the scenario gives"
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
        (without > 0, f"no cost of stock and shortages is counted for {without} of {bounds.products} products"),
    ]
    return [text for holds, text in found if holds]
