"""Steps on sampled paths: a node's targets of one product shift together, against the derivative of the cost."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from meio.network.compiled import Bools, Floats, Ints
from meio.network.jit import kernel
from meio.refinement.backward_kernels import run_backward
from meio.refinement.forward_kernels import run_forward
from meio.refinement.order_kernels import Orders, draw_orders
from meio.refinement.path_kernels import FULL, Path, Use, new_path, new_use
from meio.refinement.supply_kernels import Streams
from meio.refinement.terms_kernels import PathPrices, Terms, fill_terms, new_terms
from meio.refinement.worth_kernels import Values, new_values
from meio.simulation.engine_kernels import LEAD_TIME
from meio.simulation.references import by_reference
from meio.simulation.streams_kernels import derived_key
from meio.simulation.world import World


class Sample(NamedTuple):
    """What a sample of paths says about targets; means over paths."""

    cost: Floats
    """[1]: with prices, money"""
    slope: Floats
    """[node, period]: of the cost in each target"""
    use: Use


@kernel
def new_sample(num_nodes: int, num_periods: int) -> Sample:
    """Empty `Sample`."""
    return Sample(np.zeros(1), np.zeros((num_nodes, num_periods)), new_use(num_nodes, num_periods))


@kernel
def search_product(
    world: World,
    prices: PathPrices,
    stock_given: bool,
    product: int,
    open_orders: Ints,
    base: Floats,
    shift: Floats,
    stride: Floats,
    width: Ints,
    policy: int,
    seed: int,
    num_paths: int,
    steps: int,
    room: int,
    best: Sample,
) -> bool:
    """Shift a product's targets [node, period] against their derivative, and keep the best shift and its sample.

    Parameters
    ----------
    base : array [node, period]
        Targets to start from.
    shift : array [node]
        Units added to a node's targets, those of busier periods more than others'; in: where to begin, out: the best.
    stride : array [node]
        Units of a node's step, at least 1; longer after one that helped.
    width : array [1]
        Most nodes that step together; fewer after a step that did not help.
    steps : int
        Samples taken; 1 only evaluates.

    Returns
    -------
    bool
        False when a path had no room; nothing is changed then.
    """
    num_nodes, num_periods, num_days = base.shape[0], base.shape[1], world.clock.end_day - world.clock.first_day
    reference, terms = by_reference(world), new_terms(num_nodes, num_periods, num_days)
    fill_terms(reference, prices, stock_given, product, terms)
    draws = np.zeros(2, np.uint64)
    orders = [draw_orders(reference, product, path_key(seed, k), draws) for k in range(num_paths)]
    most = max([len(part.minute) for part in orders])
    path = new_path(num_nodes, num_periods, num_days, most, room)
    values = new_values(num_nodes, num_days, most, room)
    streams, sample = Streams(np.zeros(1, np.uint64), draws), new_sample(num_nodes, num_periods)
    target, shape = np.empty(base.shape, np.int64), shape_of(base)
    trial, moved, tried = shift.copy(), np.zeros(len(shift), np.bool_), np.zeros(len(shift), np.bool_)
    best.cost[0] = np.inf
    for _ in range(steps):
        fill_targets(base, shape, trial, terms.lane_idx, target)
        if not take_sample(
            reference, terms, product, orders, open_orders, target, policy, seed, streams, path, values, sample
        ):
            return False
        if sample.cost[0] < best.cost[0]:
            shift[:] = trial
            _copy(sample, best)
            stride[moved] *= 1.3
            tried[:] = False
        else:
            _narrow(moved, stride, width, tried)
        _choose(shape, best.slope, terms.lane_idx, stride, tried, width[0], moved)
        trial[:] = shift
        for node in range(len(trial)):
            if moved[node]:
                trial[node] -= np.sign((shape[node] * best.slope[node]).sum()) * stride[node]
    return True


@kernel
def _choose(
    shape: Floats, slope: Floats, lane_idx: Ints, stride: Floats, tried: Bools, width: int, moved: Bools
) -> None:
    """Mark the nodes whose steps promise most, at most `width`, of those not tried in vain."""
    promise = np.empty(len(stride))
    for node in range(len(stride)):
        moved[node] = False
        stocked = lane_idx[node] >= 0 and not tried[node]
        promise[node] = abs((shape[node] * slope[node]).sum()) * stride[node] if stocked else 0.0
    for node in np.argsort(-promise)[:width]:
        moved[node] = promise[node] > 0.0


@kernel
def _narrow(moved: Bools, stride: Floats, width: Ints, tried: Bools) -> None:
    """After a step that did not help: half as many nodes; one alone steps half as far, or is left."""
    if moved.sum() > 1:
        width[0] = (moved.sum() + 1) // 2
        return
    for node in range(len(moved)):
        if moved[node] and stride[node] > 1.0:
            stride[node] = max(1.0, 0.5 * stride[node])
        elif moved[node]:
            tried[node] = True


@kernel
def shape_of(base: Floats) -> Floats:
    """How much of a node's shift each period takes, [node, period], 1 on average: as the spread of demand grows."""
    shape = np.empty(base.shape)
    for node in range(len(base)):
        shape[node] = np.sqrt(base[node] + 1.0)
        shape[node] /= shape[node].mean()
    return shape


@kernel
def fill_targets(base: Floats, shape: Floats, shift: Floats, lane_idx: Ints, target: Ints) -> None:
    """Whole targets, not below 0."""
    for node in range(base.shape[0]):
        for period in range(base.shape[1]):
            moved = base[node, period] + shift[node] * shape[node, period] if lane_idx[node] >= 0 else 0.0
            target[node, period] = int(max(np.floor(moved + 0.5), 0.0))


@kernel
def _copy(sample: Sample, best: Sample) -> None:
    best.cost[:], best.slope[:] = sample.cost, sample.slope
    _add_use(sample.use, 1.0, 0.0, best.use)


@kernel
def _add_use(part: Use, weight: float, kept: float, total: Use) -> None:
    """Add a weighted use to a share of what is there."""
    total.stored[:] = kept * total.stored + weight * part.stored
    total.squared[:] = kept * total.squared + weight * part.squared
    total.received[:] = kept * total.received + weight * part.received
    total.shipped[:] = kept * total.shipped + weight * part.shipped
    total.sent[:] = kept * total.sent + weight * part.sent


@kernel
def path_key(seed: int, path: int) -> np.uint64:
    """Key of a path: that of the simulator's replication of this number."""
    return derived_key(derived_key(np.uint64(0), seed), path)


@kernel
def take_sample(
    world: World,
    terms: Terms,
    product: int,
    orders: list[Orders],
    open_orders: Ints,
    target: Ints,
    policy: int,
    seed: int,
    streams: Streams,
    path: Path,
    values: Values,
    sample: Sample,
) -> bool:
    """Fill `sample` with what targets [node, period] cost and use on given orders; False when a path had no room."""
    # references are not counted: what they point at must be an argument, which the caller keeps
    term_reference, path_reference, values_reference = by_reference(terms), by_reference(path), by_reference(values)
    weight = 1.0 / len(orders)
    sample.cost[0], sample.slope[:] = 0.0, 0.0
    for k in range(len(orders)):
        streams.key[0] = derived_key(derived_key(path_key(seed, k), world.keys.product[product]), LEAD_TIME)
        order_reference = by_reference(orders[k])
        run_forward(
            world, term_reference, product, order_reference, open_orders, target, policy, streams, path_reference
        )
        if path.counters[FULL]:
            return False
        run_backward(
            world,
            term_reference,
            product,
            order_reference,
            policy,
            streams,
            path_reference,
            values_reference,
            sample.slope,
        )
        sample.cost[0] += weight * path.money[0]
        _add_use(path.use, weight, 1.0 if k > 0 else 0.0, sample.use)
    sample.slope[:] *= weight
    return True
