"""Products on sampled paths: what their targets cost, the derivative of that, and what they use."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from meio.network.compiled import Floats, Ints
from meio.network.jit import kernel
from meio.refinement.backward_kernels import run_backward
from meio.refinement.forward_kernels import run_forward
from meio.refinement.order_kernels import Orders, draw_orders
from meio.refinement.path_kernels import FULL, Path, Use, new_path, new_use
from meio.refinement.supply_kernels import Streams, new_streams, start_path
from meio.refinement.terms_kernels import PathPrices, Terms, fill_terms, new_terms
from meio.refinement.worth_kernels import Values, new_values
from meio.simulation.engine_kernels import LEAD_TIME
from meio.simulation.references import by_reference
from meio.simulation.streams_kernels import derived_key
from meio.simulation.world import World

FIRST_ROOM = 512  # departures of a path, and orders; more when they do not suffice


class Sample(NamedTuple):
    """What a sample of paths says about a product's targets; means over paths."""

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
def sample_products(
    world: World,
    prices: PathPrices,
    stock_given: bool,
    products: Ints,
    open_ptr: Ints,
    open_orders: Ints,
    targets: Ints,
    policy: int,
    seed: int,
    num_paths: int,
    with_slope: bool,
    cost: Floats,
    slope: Floats,
    use: Floats,
) -> None:
    """Run products on sampled paths, and fill what is said about them.

    Parameters
    ----------
    open_ptr : array [product + 1]
        Into `open_orders`: the products' places among the scenario's open orders.
    targets : array [product, node, period]
    cost : array [product]
        Mean cost with prices, money.
    slope : array [product, node, period]
        Mean derivative of the cost in each target, if `with_slope`.
    use : array [figure, product, node, period]
        Means over the paths, figures in the order of `Use`.
    """
    num_nodes, num_periods = targets.shape[1], targets.shape[2]
    num_days = world.clock.end_day - world.clock.first_day
    reference, terms, sample = (
        by_reference(world),
        new_terms(num_nodes, num_periods, num_days),
        new_sample(*slope[0].shape),
    )
    room, most_orders = FIRST_ROOM, FIRST_ROOM
    path, values = (
        new_path(num_nodes, num_periods, num_days, most_orders, room),
        new_values(num_nodes, num_days, most_orders, room),
    )
    streams = new_streams(num_nodes, num_days)
    for product in products:
        fill_terms(reference, prices, stock_given, product, terms)
        orders = [draw_orders(reference, product, path_key(seed, k), streams.draws) for k in range(num_paths)]
        waiting = open_orders[open_ptr[product] : open_ptr[product + 1]]
        most = max([len(part.minute) for part in orders])
        while most > most_orders or not take_sample(
            reference,
            terms,
            product,
            orders,
            waiting,
            targets[product],
            policy,
            seed,
            with_slope,
            streams,
            path,
            values,
            sample,
        ):
            if most > most_orders:
                most_orders = most
            else:
                room *= 2
            path = new_path(num_nodes, num_periods, num_days, most_orders, room)
            values = new_values(num_nodes, num_days, most_orders, room)
        cost[product], slope[product] = sample.cost[0], sample.slope
        for figure, part in enumerate(sample.use):
            use[figure, product] = part


@kernel
def _add_use(part: Use, weight: float, kept: float, total: Use) -> None:
    """Add a weighted use to a share of what is there."""
    total.stored[:] = kept * total.stored + weight * part.stored
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
    with_slope: bool,
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
        start_path(streams, derived_key(derived_key(path_key(seed, k), world.keys.product[product]), LEAD_TIME))
        order_reference = by_reference(orders[k])
        run_forward(
            world, term_reference, product, order_reference, open_orders, target, policy, streams, path_reference
        )
        if path.counters[FULL]:
            return False
        if with_slope:
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
