"""What the stock behind a lane costs: at the node for its customers, at an upstream node, and on the whole way up."""

from __future__ import annotations

from meio.network.compiled import Floats, Ints
from meio.network.jit import borrowing_kernel
from meio.optimizer.cycle_kernels import cycle_units, cycle_variance
from meio.optimizer.model import PlanningModel
from meio.optimizer.stock_cost_kernels import customers_stock, deviation_of, stage_stock


@borrowing_kernel
def customers_stock_on(
    model: PlanningModel,
    product: int,
    candidate: int,
    node: int,
    holding: Floats,
    rate: float,
    penalty: float,
    owed: float,
    daily: Floats,
) -> tuple[float, float]:
    """Cost per day of a node's stock for its customers on a lane, and what one more unit short would cost per day."""
    source, lead, review = model.lane_source_idx[candidate], model.lead_days[candidate], model.review_days[candidate]
    cycle = cycle_units(model.pack[product, candidate], model.least_order[product, candidate], rate * review)
    echelon = holding[node] - (holding[source] if source < holding.size else 0.0)
    cost, urgency, level = customers_stock(
        max(echelon, 0.01 * holding[node]),
        penalty,
        owed,
        rate,
        daily,
        lead,
        review,
        model.lead_variance[candidate],
        cycle_variance(cycle),
    )
    return cost + holding[node] * (0.5 * rate * (review - 1.0) + max(0.0, 0.5 * (cycle + 1.0) - level)), urgency


@borrowing_kernel
def stage_stock_on(
    sources: Ints,
    lead_days: Floats,
    lead_variance: Floats,
    review_days: Floats,
    pack: Ints,
    least_order: Ints,
    into: int,
    holding: Floats,
    demand: float,
    node: int,
    urgency: float,
    below_days: float,
    daily: Floats,
) -> float:
    """Cost per day of an upstream node's stock on a lane, at least what is left of its orders."""
    source, lead, review = sources[into], lead_days[into], review_days[into]
    echelon = holding[node] - (holding[source] if source < holding.size else 0.0)
    cycle = cycle_units(pack[into], least_order[into], demand * review)
    random_days = lead_variance[into] + review * review / 12.0
    deviation = deviation_of(demand, daily, lead + 0.5 * review + below_days, random_days, cycle_variance(cycle))
    return float(max(stage_stock(echelon, urgency, deviation), 0.5 * holding[node] * (cycle - 1.0)))


@borrowing_kernel
def upstream_stock(
    sources: Ints,
    lead_days: Floats,
    lead_variance: Floats,
    review_days: Floats,
    pack: Ints,
    least_order: Ints,
    source: int,
    before: int,
    flow: float,
    urgency: float,
    below_days: float,
    holding: Floats,
    daily: Floats,
    passed: Floats,
    lane: Ints,
) -> float:
    """Cost per day that a node's flow adds to the pooled stock of the upstream nodes from `source` up.

    `before` is the lane on which the flow came so far: on its way it is already part of what passes.
    """
    cost, num_nodes = 0.0, lane.size
    while source < num_nodes:
        others, old = passed[source], sources[before]
        while old < num_nodes:
            if old == source:
                others = max(0.0, others - flow)
            old = sources[lane[old]]
        cost += stage_stock_on(
            sources,
            lead_days,
            lead_variance,
            review_days,
            pack,
            least_order,
            lane[source],
            holding,
            others + flow,
            source,
            urgency,
            below_days,
            daily,
        )
        if others > 1e-9 * flow:
            cost -= stage_stock_on(
                sources,
                lead_days,
                lead_variance,
                review_days,
                pack,
                least_order,
                lane[source],
                holding,
                others,
                source,
                urgency,
                below_days,
                daily,
            )
        below_days += lead_days[lane[source]] + 0.5 * review_days[lane[source]]
        source = sources[lane[source]]
    return cost
