"""Which products stand for a catalogue: strata by planned money and units, the dear ones all, the others by chance.

References
----------
Cochran (1977), Sampling Techniques, chapters 5 and 5A. Neyman (1934), On the two different aspects of the
representative method, Journal of the Royal Statistical Society 97.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from meio.network.compiled import CompiledScenario, Floats, Ints
from meio.network.supply import landed_cost
from meio.plans import Plan
from meio.simulation.capacity import num_days
from meio.simulation.couplings import SampleError

FEWEST = 2
"""Products of a stratum that tell how much its products differ."""
_PER_STRATUM = 6
_MOST_CLASSES = 6
_STREAM = 6  # of the random numbers that draw the sample


class Frame(NamedTuple):
    """What is known of every product before anything is simulated, each [product]."""

    units: Floats
    """Expected demand over the horizon."""
    bought: Floats
    """Least cost of buying that demand and bringing it, money."""
    held: Floats
    """Cost of holding the targets over the horizon, money."""
    storage_type_idx: Ints

    @property
    def money(self) -> Floats:
        """Planned money."""
        return self.bought + self.held

    @property
    def size(self) -> Floats:
        """How much of the catalogue a product is: the mean of its shares of money and of units."""
        return (_share(self.money) + _share(self.units)) / 2.0


class Sample(NamedTuple):
    """Products drawn from a catalogue."""

    frame: Frame
    """Of the whole catalogue."""
    stratum_idx: Ints
    """[product]"""
    product_idx: Ints
    """Products drawn, ascending."""

    @property
    def num_products(self) -> Ints:
        """Products of the catalogue, [stratum]."""
        return np.bincount(self.stratum_idx)

    @property
    def num_drawn(self) -> Ints:
        """Products drawn, [stratum]."""
        return np.bincount(self.stratum_idx[self.product_idx], minlength=len(self.num_products))

    @property
    def weight(self) -> Floats:
        """How many products each drawn one stands for, [drawn]."""
        return (self.num_products / self.num_drawn)[self.stratum_idx[self.product_idx]]


def frame_of(compiled: CompiledScenario, plan: Plan) -> Frame:
    """The frame of some products."""
    demand, products = compiled.demand, compiled.products
    num_products = len(products.volume_m3)
    of_stream = np.repeat(np.arange(num_products), np.diff(demand.product_ptr))
    units: Floats = np.zeros(num_products)
    np.add.at(units, of_stream, demand.daily_mean.sum(axis=1) * compiled.period_days)
    least = landed_cost(compiled).min(axis=1, initial=np.inf)
    nodes = compiled.nodes
    holding = (
        nodes.holding_per_unit_day
        + np.multiply.outer(products.volume_m3, nodes.holding_per_m3_day)
        + np.multiply.outer(products.unit_cost, nodes.holding_of_unit_cost_per_day)
    )
    held = num_days(compiled) * (plan.targets.mean(axis=2) * holding).sum(axis=1)
    bought = units * np.where(np.isfinite(least), least, products.unit_cost)
    return Frame(units, bought, held, products.storage_type_idx)


def put_together(frames: Iterable[Frame]) -> Frame:
    """Frames of parts of a catalogue as one."""
    return Frame(*(np.concatenate(parts) for parts in zip(*frames, strict=True)))


def draw_sample(frame: Frame, sample: float, seed: int) -> Sample:
    """Draw products: all that are large, of the others some of each stratum.

    A product large enough to be drawn for certain in proportion to its size is in the sample. The others form strata by
    storage type and size, classes that weigh about the same together, and each gets products in proportion to its size,
    which is Neyman's allocation where products differ in proportion to their size; at least two.

    Parameters
    ----------
    frame : Frame
    sample : float
        Number of products, at least 1, or a share of them, below 1. Strata of few products can make it a few more.
    seed : int
        The same sample for the same catalogue and seed.

    Raises
    ------
    SampleError
        When it is fewer products than strata need.
    """
    num_products = len(frame.units)
    wanted = round(sample * num_products) if sample < 1 else round(sample)
    num_types = len(np.unique(frame.storage_type_idx))
    if wanted < min(FEWEST * num_types, num_products):
        raise SampleError(f"sample: found {wanted} of {num_products} products, expected at least {FEWEST * num_types}")
    size = frame.size
    certain = _certain(size, wanted)
    stratum_idx, num_drawn = _strata(frame, size, certain, wanted - int(certain.sum()))
    rng = np.random.default_rng([seed, _STREAM])
    drawn = [
        rng.choice(np.flatnonzero(stratum_idx == stratum), number, replace=False)
        for stratum, number in enumerate(num_drawn.tolist())
    ]
    return Sample(frame, stratum_idx, np.sort(np.concatenate(drawn)))


def _certain(size: Floats, wanted: int) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Products that a draw of so many in proportion to size would hold for certain, [product]."""
    certain = np.zeros(len(size), dtype=bool)
    while (left := wanted - int(certain.sum())) > 0:
        more = ~certain & (size * left >= size[~certain].sum())
        if not more.any():
            break
        certain |= more
    return certain


def _strata(
    frame: Frame, size: Floats, certain: np.ndarray[tuple[int], np.dtype[np.bool_]], left: int
) -> tuple[Ints, Ints]:
    """Stratum of each product, the certain ones first if there are any, and how many to draw of each stratum."""
    stratum_idx = np.full(len(size), -1)
    num_drawn: list[int] = []

    def add(members: Ints, number: int) -> None:
        stratum_idx[members] = len(num_drawn)
        num_drawn.append(min(max(number, FEWEST), len(members)))

    if certain.any():
        add(np.flatnonzero(certain), int(certain.sum()))
    total = size[~certain].sum()
    for storage_type in np.unique(frame.storage_type_idx[~certain]):
        members = np.flatnonzero(~certain & (frame.storage_type_idx == storage_type))
        number = left * size[members].sum() / total if total > 0 else left * len(members) / (~certain).sum()
        for part in _classes(members, size, int(np.clip(number // _PER_STRATUM, 1, _MOST_CLASSES))):
            inside = size[members].sum()
            share = size[part].sum() / inside if inside > 0 else len(part) / len(members)
            add(part, round(number * share))
    return stratum_idx, np.array(num_drawn)


def _classes(members: Ints, size: Floats, num_classes: int) -> list[Ints]:
    """Products cut by size into classes that weigh about the same together; none is empty."""
    ordered = members[np.argsort(size[members], kind="stable")]
    weight = np.cumsum(size[ordered])
    ends = np.searchsorted(weight, weight[-1] * np.arange(1, num_classes) / num_classes) if weight[-1] > 0 else []
    return [part for part in np.split(ordered, np.unique(ends).astype(np.int64)) if len(part)]


def _share(values: Floats) -> Floats:
    total = values.sum()
    return values / total if total > 0 else np.zeros_like(values)
