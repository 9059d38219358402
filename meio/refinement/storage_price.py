"""A price of storage for all periods of a node, raised until the stock on sampled paths fits."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from meio.network.compiled import CompiledScenario, Floats
from meio.plan import CapacityPrices

if TYPE_CHECKING:
    from meio.refinement.search_kernels import Sample

SPREAD = 1.0  # standard deviations of stored volume that must fit as well
PRICE_GAIN = (8.0, 1.0)  # relative excess to step, and the first step, of price and holding cost together


class Price(NamedTuple):
    """Price of storage that holds for all periods, and how it moves, [node, storage type]."""

    value: Floats
    step: Floats
    sign: Floats


def first_price(shape: tuple[int, ...]) -> Price:
    """No price, [node, storage type]."""
    return Price(np.zeros(shape), np.full(shape, PRICE_GAIN[1]), np.zeros(shape))


def storage_taken(compiled: CompiledScenario, samples: list[Sample], deviations: float) -> Floats:
    """m³ stored at day closes on the paths, and so many standard deviations, [node, storage type, period]."""
    products, days = compiled.products, compiled.period_days
    mean = np.stack([sample.use.stored for sample in samples]) / days
    variance = np.stack([sample.use.squared for sample in samples]) / days - mean**2
    volume = products.volume_m3[:, None, None]
    taken = []
    for kind in range(len(compiled.names.storage_types)):
        here = products.storage_type_idx == kind
        spread = np.sqrt((variance[here] * volume[here] ** 2).sum(axis=0))
        taken.append((mean[here] * volume[here]).sum(axis=0) + deviations * spread)
    return np.stack(taken, axis=1)


def storage_limit(compiled: CompiledScenario) -> Floats:
    """Storage capacity, m³, a trace where there is none, [node, storage type, period]."""
    stocked = compiled.nodes.stocks_type[:, :, None]
    return np.where(stocked, np.maximum(compiled.nodes.storage_m3, 1e-9), np.inf)


def with_storage(prices: CapacityPrices, extra: Floats) -> CapacityPrices:
    """Prices with more for storage in every period, `extra` [node, storage type]."""
    return replace(prices, storage=prices.storage + extra[:, :, None])


def moved_price(price: Price, excess: Floats, compiled: CompiledScenario) -> Price:
    """Prices after one step towards no excess: longer while its sign stays, half as long when it changes."""
    gain, _ = PRICE_GAIN
    turned = np.sign(excess) * price.sign
    step = price.step * np.where(turned < 0, 0.5, np.where(turned > 0, 1.2, 1.0))
    begin = _holding_per_m3(compiled)
    moved = price.value + np.clip(gain * excess, -1.0, 1.0) * step * (begin + price.value)
    return Price(np.maximum(0.0, moved), step, np.sign(excess))


def _holding_per_m3(compiled: CompiledScenario) -> Floats:
    """Holding cost of a mean m³ for a day, [node, 1]: what a price of storage begins with."""
    products, nodes = compiled.products, compiled.nodes
    per_unit = nodes.holding_per_unit_day + nodes.holding_of_unit_cost_per_day * products.unit_cost.mean()
    per_m3 = nodes.holding_per_m3_day + per_unit / max(float(products.volume_m3.mean()), 1e-9)
    return np.asarray(np.maximum(per_m3, 1e-6)[:, None])
