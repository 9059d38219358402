"""Why a node that serves customers holds what it holds in one period."""

from __future__ import annotations

from typing import Any

import numpy as np

from meio.explanation.paid import overage
from meio.explanation.reasons import Demand, LastUnit, Shortage
from meio.explanation.subject import Subject
from meio.network.compiled import Floats, Ints
from meio.optimizer.anatomy import (
    LOST,
    OWED,
    Destinations,
    Dissection,
    covered,
    destinations,
    dissect,
    gains_of_last_unit,
    shortage_rate,
    units_for_dearer_speeds,
)


def serving_reasons(subject: Subject, period: int) -> dict[str, Any]:
    """Fields of `PeriodReasons` that follow from the node's own customers, for a review period from 0."""
    node, used = subject.node, subject.used_in(period)
    position = subject.position(period)
    level = np.where(subject.model.serves_customers > 0, position, 0.0)
    of = dissect(subject.model, subject.shared, subject.plan.prices, subject.lane, level, used)
    gone, parts = destinations(of, node), overage(subject, used)
    charge, rate = sum(parts.values()), shortage_rate(of, node)
    saved = gains_of_last_unit(of, node)
    days, work = subject.model.period_days, of.work
    return {
        "demand": _demand(subject, of),
        "shortages": _shortages(subject, gone),
        "underage": _underage(gone),
        "overage": parts,
        "critical_ratio": float(np.clip(1.0 - charge / rate, 0.0, 1.0)) if rate > 0 else None,
        "covered": covered(of, node, float(work.levels[node])),
        "last_unit": LastUnit(*saved, charge, sum(saved) - charge if position[node] > 0 else 0.0),
        "spill_out": days * float(work.unserved[node]),
        "spill_in": days * max(0.0, float(work.served[node] - (of.classes.rate[node] - work.unserved[node]))),
        "units_for_dearer_speeds": units_for_dearer_speeds(of, node),
        "feeds": {},
    }


def _demand(subject: Subject, of: Dissection) -> Demand:
    from meio.optimizer.cluster_kernels import WINDOW_MEAN, WINDOW_VARIANCE

    names, own = subject.compiled.names, of.choices[:, 0] == subject.node
    mean, variance = of.classes.terms[subject.node, -1, [WINDOW_MEAN, WINDOW_VARIANCE]]
    return Demand(
        float(mean),
        float(np.sqrt(variance)),
        by_name(names.speeds, of.speed[own], of.window[own]),
        by_name(names.zones, of.zone[own], of.window[own]),
    )


def by_name(names: tuple[str, ...], index: Ints, amounts: Floats) -> dict[str, float]:
    """Sums by name, the largest first, without those of nothing."""
    sums = np.bincount(index, amounts, len(names))
    order = np.argsort(-sums, kind="stable")
    return {names[place]: float(sums[place]) for place in order if sums[place] > 0}


def _shortages(subject: Subject, gone: Destinations) -> tuple[Shortage, ...]:
    """Shares and average extra costs by speed and destination, the largest first."""
    names, total = subject.compiled.names, gone.weight.sum()
    places = {LOST: "lost", OWED: "owed", **dict(enumerate(names.nodes))}
    found = []
    for speed, to in sorted(set(zip(gone.speed.tolist(), gone.to.tolist(), strict=True))):
        these = (gone.speed == speed) & (gone.to == to)
        if (weight := gone.weight[these].sum()) > 0:
            extra = float(np.average(gone.extra[these], weights=gone.weight[these]))
            found.append(Shortage(names.speeds[speed], places[to], float(weight / total), extra))
    return tuple(sorted(found, key=lambda one: -one.share))


def _underage(gone: Destinations) -> float | None:
    weight = np.where(gone.to == OWED, 0.0, gone.weight)
    return float(np.average(gone.extra, weights=weight)) if weight.sum() > 0 else None
