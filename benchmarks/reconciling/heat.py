"""Heat in an insulated rod, known from few noisy sensors on one side: its mass is known, and its ends are flat.

The forecast is a Gaussian process over place and time that knows nothing of the equation; sensors stand in the left
half, so it is uncertain on the right.
"""

from __future__ import annotations

import numpy as np
from reconciling.scores import ratios, three_ways

from meio.demand import Forecast, Law

NUM_MODES, CONDUCTIVITY, NOISE = 5, 0.02, 0.1
PLACE, TIME = np.linspace(0, 1, 33), np.array([0.1, 0.3, 0.5, 0.7])
WEIGHTS = np.r_[0.5, np.ones(31), 0.5] / 32  # trapezoids: exact for these modes


def temperature(modes: np.ndarray, place: np.ndarray, time: np.ndarray) -> np.ndarray:
    """Exact solution at (place, time) pairs for an initial temperature of cosine modes."""
    order = np.arange(modes.size)
    decay = np.exp(-CONDUCTIVITY * (order * np.pi) ** 2 * time[:, None])
    return (modes * decay * np.cos(order * np.pi * place[:, None])).sum(axis=1)


def forecast_from_sensors(modes: np.ndarray, random: np.random.Generator) -> Forecast:
    """Gaussian process given 24 readings; its lengths and height are the most likely of a grid."""
    place, time = np.tile(random.uniform(0, 0.5, 4), 6), np.repeat(np.linspace(0, 0.7, 6), 4)
    read = temperature(modes, place, time) + NOISE * random.standard_normal(24)
    level, read = read.mean(), read - read.mean()
    grid = [(a, b, h) for a in (0.1, 0.2, 0.3, 0.5) for b in (0.3, 0.6, 1.2) for h in (0.3, 0.6, 1.0)]

    def kernel(lengths: tuple[float, float, float], other: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
        apart = np.subtract.outer(other[0], place) / lengths[0], np.subtract.outer(other[1], time) / lengths[1]
        return lengths[2] ** 2 * np.exp(-0.5 * (apart[0] ** 2 + apart[1] ** 2))

    def unlikely(lengths: tuple[float, float, float]) -> float:
        matrix = kernel(lengths, (place, time)) + NOISE**2 * np.eye(24)
        return float(read @ np.linalg.solve(matrix, read) + np.linalg.slogdet(matrix)[1])

    best = min(grid, key=unlikely)
    where = np.tile(PLACE, TIME.size), np.repeat(TIME, PLACE.size)
    across, within = kernel(best, where), kernel(best, (place, time)) + NOISE**2 * np.eye(24)
    apart = [np.subtract.outer(one, one) / length for one, length in zip(where, best, strict=False)]
    prior = best[2] ** 2 * np.exp(-0.5 * (apart[0] ** 2 + apart[1] ** 2))
    covariance = prior - across @ np.linalg.solve(within, across.T)
    return Forecast.from_covariance(level + across @ np.linalg.solve(within, read), (covariance + covariance.T) / 2)


def mass_laws(mass: float) -> list[Law]:
    """Mass is the same at each time."""
    cells = np.arange(PLACE.size)
    return [Law(f"mass at {t}", i * PLACE.size + cells, WEIGHTS, mass) for i, t in enumerate(TIME)]


def flat_ends() -> list[Law]:
    """No heat flows through the ends: one-sided slopes of second order, off by no more than the grid's error."""
    first, sides = np.arange(TIME.size) * PLACE.size, (np.arange(3), PLACE.size - 1 - np.arange(3))
    return [Law("flat end", cell + side, np.array([-3.0, 4.0, -1.0]), 0.0, 1e-3) for cell in first for side in sides]


def heat(seed: int, num_cases: int = 100) -> dict[str, object]:
    """Figures over random initial temperatures."""
    random = np.random.default_rng([seed, 1])
    errors, errors_flat, misses = [], [], []
    for _ in range(num_cases):
        modes = random.standard_normal(NUM_MODES) / np.arange(1, NUM_MODES + 1)
        forecast = forecast_from_sensors(modes, random)
        truth = temperature(modes, np.tile(PLACE, TIME.size), np.repeat(TIME, PLACE.size))
        ways, miss = three_ways(forecast, mass_laws(modes[0]))
        flat, _ = three_ways(forecast, mass_laws(modes[0]) + flat_ends())
        errors.append(ways.errors(truth))
        errors_flat.append(flat.errors(truth))
        misses.append(miss)
    return {
        "mass": ratios(np.array(errors)),
        "mass_and_flat_ends": ratios(np.array(errors_flat)),
        "largest_miss": max(misses),
    }
