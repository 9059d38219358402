"""Why a node that feeds others holds what it holds in one period."""

from __future__ import annotations

from typing import Any

import numpy as np

from meio.explanation.paid import overage
from meio.explanation.reasons import Demand, LastUnit
from meio.explanation.serving import by_name
from meio.explanation.subject import Subject
from meio.network.compiled import Floats
from meio.optimizer.anatomy import Dissection, count_covered, dissect
from meio.optimizer.evaluation import Evaluator


def feeding_reasons(subject: Subject, period: int) -> dict[str, Any]:
    """Fields of `PeriodReasons` that follow from the demand of the nodes it feeds, for a review period from 0."""
    from meio.optimizer.upstream_kernels import upstream_demand

    model, node, used, lane = subject.model, subject.node, subject.used_in(period), subject.lane
    position = subject.position(period)
    level = np.where(model.serves_customers > 0, position, 0.0)
    of = dissect(model, subject.shared, subject.plan.prices, lane, level, used)
    below = subject.below
    rate = float(of.classes.rate[below].sum())
    mean, variance = upstream_demand(model, 0, (used + 0.5) * model.period_days, lane[node], rate, 0.0)
    parts, names = overage(subject, used), subject.compiled.names.nodes
    worth = _worth(subject, position, used)
    return {
        "demand": _demand(subject, of, mean, variance),
        "shortages": (),
        "underage": None,
        "overage": parts,
        "critical_ratio": None,
        "covered": count_covered(mean, variance, float(position[node])),
        "last_unit": LastUnit(worth + parts["price fall"], 0.0, 0.0, parts["price fall"], worth),
        "spill_out": 0.0,
        "spill_in": 0.0,
        "units_for_dearer_speeds": 0.0,
        "feeds": {names[other]: float(subject.plan.targets[subject.product_idx, other, period]) for other in below},
    }


def _demand(subject: Subject, of: Dissection, mean: float, variance: float) -> Demand:
    """Demand of the region over its upstream node's window, spread as its customers' demand is."""
    best = of.choices[:, 0]
    own = np.isin(best, subject.below)
    daily = np.where(own, of.cycle, 0.0) / np.maximum(subject.model.review_days[of.lane[best]], 1e-12)
    scale = mean / daily.sum() if daily.sum() > 0 else 0.0
    names = subject.compiled.names
    return Demand(
        mean,
        float(np.sqrt(variance)),
        by_name(names.speeds, of.speed[own], scale * daily[own]),
        by_name(names.zones, of.zone[own], scale * daily[own]),
    )


def _worth(subject: Subject, position: Floats, used: int) -> float:
    """Worth per day of the node's last unit, when levels are what they now are in every period."""
    level = position.copy()
    for node in range(len(level)):
        level[node] += position[subject._replace(node=node).below].sum()
    steady = np.repeat(level[None, :, None], subject.model.num_periods, axis=2)
    evaluate = Evaluator(subject.model, subject.shared, 1)
    return float(
        evaluate.follow(subject.plan.prices, subject.lane[None], steady).decisions.worth[0, subject.node, used]
    )
