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
    from meio.optimizer.subproblem_kernels import upstream_demand

    model, node, used, lane = subject.model, subject.node, subject.used_in(period), subject.lane
    position = subject.position(period)
    level = np.where(model.serves_customers > 0, position, 0.0)
    of = dissect(model, subject.shared, subject.plan.prices, lane, level, used)
    fed = [other for other in range(len(lane)) if lane[other] >= 0 and model.lane_source_idx[lane[other]] == node]
    echelon = position[node] + position[fed].sum()
    rate = float(of.classes.rate[len(lane) + node])
    mean, variance = upstream_demand(model, 0, (used + 0.5) * model.period_days, lane[node], rate)
    parts = overage(subject, used)
    worth = _worth(subject, position, echelon, used)
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
        "feeds": {
            subject.compiled.names.nodes[other]: float(subject.plan.targets[subject.product_idx, other, period])
            for other in fed
        },
    }


def _demand(subject: Subject, of: Dissection, mean: float, variance: float) -> Demand:
    """Demand of the region over its upstream node's window, spread as its customers' demand is."""
    region, best = of.work.region, of.choices[:, 0]
    own = (best >= 0) & (region[best] == subject.node)
    daily = np.where(own, of.cycle, 0.0) / np.maximum(subject.model.review_days[of.lane[best]], 1e-12)
    scale = mean / daily.sum() if daily.sum() > 0 else 0.0
    names = subject.compiled.names
    return Demand(
        mean,
        float(np.sqrt(variance)),
        by_name(names.speeds, of.speed[own], scale * daily[own]),
        by_name(names.zones, of.zone[own], scale * daily[own]),
    )


def _worth(subject: Subject, position: Floats, echelon: float, used: int) -> float:
    """Worth per day of the node's last unit, when levels are what they now are in every period."""
    level = position.copy()
    level[subject.node] = echelon
    steady = np.repeat(level[None, :, None], subject.model.num_periods, axis=2)
    evaluate = Evaluator(subject.model, subject.shared, 1)
    return float(
        evaluate.follow(subject.plan.prices, subject.lane[None], steady).decisions.worth[0, subject.node, used]
    )
