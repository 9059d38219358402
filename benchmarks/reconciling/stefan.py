"""A melting front: how fast it moves is uncertain, what has flowed in is known.

u_t = (k u_x)_x with k constant where u is at least `MELT` and 0 elsewhere, u = 1 at the left end: behind the front u
is an error function, at the front it jumps from `MELT` to 0. The forecast is the ensemble of exact solutions for
uncertain k: its mean has a smeared front, and its variance is largest there.
"""

from __future__ import annotations

import numpy as np
from reconciling.scores import Ways, ratios, three_ways
from scipy.optimize import brentq
from scipy.special import erf

from meio.demand import Forecast, Law

MELT, TIME, SPREAD, NUM_MEMBERS = 0.6, 0.1, 0.4, 200
EDGES = np.linspace(0, 1, 201)
SPEED = brentq(lambda a: (1 - MELT) / np.sqrt(np.pi) - MELT * erf(a) * a * np.exp(a * a), 1e-6, 5)


def front(conductivity: float) -> float:
    """Where the front is."""
    return float(2 * SPEED * np.sqrt(conductivity * TIME))


def solution(conductivity: float) -> np.ndarray:
    """Exact mean of u over each cell of the grid."""
    reach = 2 * np.sqrt(conductivity * TIME)
    edge = np.minimum(EDGES, front(conductivity))
    area = edge * erf(edge / reach) + reach / np.sqrt(np.pi) * np.exp(-((edge / reach) ** 2))
    return np.diff(edge - (1 - MELT) / erf(SPEED) * area) / np.diff(EDGES)


def inflow(conductivity: float) -> float:
    """What has flowed in through the left end since the start."""
    return float(2 * (1 - MELT) * np.sqrt(conductivity * TIME) / (np.sqrt(np.pi) * erf(SPEED)))


def front_of(profile: np.ndarray) -> float:
    """Where a profile falls below half of what melts."""
    return float(EDGES[1:][profile >= MELT / 2].max(initial=0.0))


def width_of(profile: np.ndarray) -> float:
    """Length over which a profile falls from 90% to 10% of what melts."""
    places = [EDGES[1:][profile >= share * MELT].max(initial=0.0) for share in (0.1, 0.9)]
    return float(places[0] - places[1])


def stefan(seed: int, num_cases: int = 100) -> dict[str, object]:
    """Figures over random conductivities."""
    random = np.random.default_rng([seed, 2])
    errors, fronts, widths, misses = [], [], [], []
    for _ in range(num_cases):
        truth, *members = np.exp(SPREAD * random.standard_normal(NUM_MEMBERS + 1))
        laws = [Law("what flowed in", np.arange(200), np.diff(EDGES), inflow(truth))]
        forecast = Forecast.from_samples([solution(member) for member in members])
        ways, miss = three_ways(forecast, laws)
        misses.append(miss)
        errors.append(ways.errors(solution(truth)))
        fronts.append([abs(front_of(way) - front(truth)) for way in ways])
        widths.append([width_of(way) for way in ways])
    return {
        "profile": ratios(np.array(errors)),
        "front": ratios(np.array(fronts)),
        "front_width": dict(zip(Ways._fields, np.median(widths, axis=0).round(4).tolist(), strict=True)),
        "largest_miss": max(misses),
    }
