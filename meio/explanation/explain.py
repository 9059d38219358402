"""A target taken apart, from the names a planner knows."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

from meio.explanation.feeding import feeding_reasons
from meio.explanation.moves import moves, moves_in
from meio.explanation.paid import paid_on_the_way
from meio.explanation.reasons import Explanation, Move, PeriodReasons
from meio.explanation.serving import serving_reasons
from meio.explanation.subject import Subject, subject_of
from meio.folder import OutputError
from meio.network.compiled import CompiledScenario
from meio.network.supply import lane_unit_cost
from meio.optimizer.departures import wait_for_departure
from meio.plans import Plan


def explain(compiled: CompiledScenario, plan: Plan, product: str, node: str, period: int | None = None) -> Explanation:
    """Take a target apart.

    Parameters
    ----------
    compiled : CompiledScenario
        The scenario that was planned.
    plan : Plan
        As the optimizer made it.
    product, node : str
        Names in the scenario.
    period : int, optional
        From 1; every period when left out.

    Raises
    ------
    OutputError
        When a name is not in the scenario, the period is not in the horizon, or the node does not stock the product.
    """
    product_idx = _found("product", product, compiled.names.products)
    node_idx = _found("node", node, compiled.names.nodes)
    if period is not None and not 1 <= period <= compiled.num_periods:
        raise OutputError(f"period {period} is not in the horizon: expected 1 to {compiled.num_periods}")
    lane = int(plan.lane_idx[product_idx, node_idx])
    if lane < 0:
        raise OutputError(f"the plan does not stock {product} at {node}: no lane brings it there")
    subject = subject_of(compiled, plan, product_idx, node_idx)
    free, parts = moves(subject)
    periods = range(compiled.num_periods) if period is None else [period - 1]
    lead, review = float(compiled.lanes.lead_time_mean_days[lane]), float(compiled.lanes.review_every_days[lane])
    wait = float(wait_for_departure(compiled).mean_days[lane])
    return Explanation(
        product=product,
        node=node,
        lane=compiled.names.lanes[lane],
        lead_time_days=lead,
        review_every_days=review,
        departure_wait_days=wait,
        window_days=wait + lead + review,
        holding_cost_per_unit_day=float(subject.model.holding_per_day[0, node_idx]),
        transport_cost_per_unit=float(lane_unit_cost(compiled)[product_idx, lane]),
        periods=tuple(_reasons(subject, t, wait + lead + review, float(free[t]), moves_in(parts, t)) for t in periods),
    )


def _reasons(subject: Subject, period: int, window: float, free: float, moved_by: tuple[Move, ...]) -> PeriodReasons:
    plan, node, product, used = subject.plan, subject.node, subject.product_idx, subject.used_in(period)
    model, prices = subject.model, plan.prices
    reasons = (serving_reasons if subject.serves_customers else feeding_reasons)(subject, period)
    return PeriodReasons(
        period=period + 1,
        used_in_period=used + 1,
        target=float(plan.targets[product, node, period]),
        national_demand_over_window=float(model.daily_mean[:, period].sum() * window),
        unit_value=float(plan.unit_value[product, node, period]),
        storage_price_per_unit_day=float(prices.storage[node, model.storage_type_idx[0], period] * model.volume_m3[0]),
        inbound_price_per_unit=float(prices.inbound[node, period]),
        outbound_price_per_unit=float(prices.outbound[node, period]),
        paid=paid_on_the_way(subject, used),
        at_no_prices=free,
        moved_by=moved_by,
        **reasons,
    )


def _found(what: str, name: str, names: Sequence[str]) -> int:
    if name in names:
        return names.index(name)
    close = get_close_matches(name, names, n=1)
    hint = f"; did you mean '{close[0]}'?" if close else ""
    raise OutputError(f"{what} '{name}' is not in the scenario{hint}")
