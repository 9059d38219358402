"""Proximal bundle: the next prices from all answers so far, where the dual is kinked.

Each group of products answers prices with its cost and its use: a plane that its least cost cannot rise above. The
master problem raises the sum of the lowest planes, less the paid capacity, near the best prices found (the centre); how
far it may go is weighed by the curvature that shortage costs show there, price by price. Groups apart say more than
their sum: the same evaluation bounds every mixture of their answers.

A subproblem that settles lanes and customers by a score is not exactly concave. A plane that falls below what its group
costs at the centre is lifted to it.

References
----------
Lemaréchal, C. (1978), "Nonsmooth optimization and descent methods", IIASA; Kiwiel, K. (1990), "Proximity control in
bundle methods for convex nondifferentiable minimization", Mathematical Programming 46.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import scipy.sparse as sp

from meio.network.compiled import Bools, Floats
from meio.optimizer.evaluation import Groups

FIRST_LENGTH = 0.3  # of a step, as a share of Newton's
REACH = 0.5  # of price and scale together: no step goes further
FLOOR = 0.02  # least curvature: a step of a whole capacity per 1 / FLOOR price scales
SERIOUS = 0.1  # share of the foreseen gain that counts as one
MOST_NULL_STEPS = 2  # without a gain in a row, until planes stop helping
LEAST_GAIN = 5e-6  # foreseen, as a share of the dual value: less is left to Newton steps
MOST_PIVOTS = 5000


class Plane(NamedTuple):
    """What the groups answered to prices."""

    prices: Floats
    """[resource]"""
    groups: Groups


class Master(NamedTuple):
    """Sizes of the master problem: money over the horizon per unit of price, [resource]."""

    free_capacity: Floats
    """Capacity that the prices pay back; inf: no limit"""
    scale: Floats
    """Prices as large as the costs they add to"""


class Bundle:
    """Proposes prices until planes no longer help.

    Parameters
    ----------
    free_capacity, scale : array [resource]
        As `Master` says.
    """

    def __init__(self, free_capacity: Floats, scale: Floats) -> None:
        self._master = Master(free_capacity, scale)
        self._planes: list[Plane] = []
        self._moving: Bools = np.zeros(len(scale), dtype=np.bool_)
        self._length = FIRST_LENGTH
        self._foreseen = 0.0
        self._null_steps = 0
        self._curvature = scale
        self._at_centre: Floats = np.zeros(0)
        self._best = -np.inf
        self.centre: Floats = np.zeros_like(scale)

    def next(self, prices: Floats, dual_value: float, groups: Groups, curvature: Floats) -> Floats | None:
        """Take in an answer; return the prices to ask about next, or None when planes no longer help."""
        self._take_in(Plane(prices, groups), dual_value, curvature)
        if self._null_steps > MOST_NULL_STEPS:
            return None
        proposed, value = self._solve()
        self._foreseen = value - self._best
        return proposed if self._foreseen > LEAST_GAIN * abs(self._best) else None

    def _take_in(self, plane: Plane, dual_value: float, curvature: Floats) -> None:
        """Add planes; move the centre, and lengthen or shorten the next step."""
        gain = dual_value - self._best
        self._planes.append(plane)
        self._moving |= (plane.prices > 0.0) | (plane.groups.slope.sum(axis=0) > self._master.free_capacity)
        if gain > 0.0:
            if gain > 0.5 * self._foreseen and len(self._planes) > 1:
                self._length *= 2.0
            self._best, self.centre, self._curvature = dual_value, plane.prices, curvature
            self._at_centre = plane.groups.cost
        else:
            self._length *= 0.5
        self._null_steps = 0 if gain > SERIOUS * self._foreseen else self._null_steps + 1

    def _solve(self) -> tuple[Floats, float]:
        """Best prices under the planes near the centre, and the dual value foreseen there."""
        moving = np.flatnonzero(self._moving)
        centre, scale = self.centre[moving], self._master.scale[moving]
        reach = REACH * (centre + scale)
        free = self._master.free_capacity[moving]
        weight = np.maximum(self._curvature[moving], FLOOR * np.abs(free) / (centre + scale)) / self._length
        slopes = [plane.groups.slope[:, moving] for plane in self._planes]
        heights = [
            np.maximum(0.0, plane.groups.cost + slope @ (centre - plane.prices[moving]) - self._at_centre)
            for plane, slope in zip(self._planes, slopes, strict=True)
        ]
        unit = 1e-5 * max(abs(self._best), 1e-300)
        low = -np.minimum(centre, reach)
        planes = np.array(slopes) / unit, np.array(heights) / unit
        step, gains = solve_master(*planes, free / unit, weight / unit, low, reach)
        proposed = self.centre.copy()
        proposed[moving] = np.maximum(0.0, centre + step)
        return proposed, self._best + unit * float(gains.sum() - (free / unit) @ step)


def solve_master(
    slopes: Floats, heights: Floats, free: Floats, weight: Floats, low: Floats, high: Floats
) -> tuple[Floats, Floats]:
    """Maximise Σ_g gain_g − free · d − ½ Σ weight d², gain_g ≤ height + slope · d for all planes, low ≤ d ≤ high.

    Parameters
    ----------
    slopes : array [plane, group, price]
    heights : array [plane, group]
    free, weight, low, high : array [price]

    Returns
    -------
    tuple of array
        The step d [price] and the gains [group], none moved when the solver gives up.
    """
    import highspy

    num_planes, num_groups, num_prices = slopes.shape
    model = highspy.HighsModel()
    program = model.lp_
    program.num_col_, program.num_row_ = num_prices + num_groups, num_planes * num_groups
    program.col_cost_ = np.concatenate([free, -np.ones(num_groups)])
    program.col_lower_ = np.concatenate([low, np.full(num_groups, -highspy.kHighsInf)])
    program.col_upper_ = np.concatenate([high, np.full(num_groups, highspy.kHighsInf)])
    program.row_lower_ = np.full(program.num_row_, -highspy.kHighsInf)
    program.row_upper_ = heights.ravel()
    own = np.tile(np.eye(num_groups), (num_planes, 1))
    rows = sp.csr_array(np.hstack([-slopes.reshape(-1, num_prices), own]))
    program.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    program.a_matrix_.start_, program.a_matrix_.index_, program.a_matrix_.value_ = rows.indptr, rows.indices, rows.data
    model.hessian_.dim_ = program.num_col_
    model.hessian_.format_ = highspy.HessianFormat.kTriangular
    model.hessian_.start_ = np.minimum(np.arange(program.num_col_ + 1), num_prices)
    model.hessian_.index_, model.hessian_.value_ = np.arange(num_prices), weight
    solver: Any = highspy.Highs()  # type: ignore[no-untyped-call]
    solver.setOptionValue("output_flag", False)
    solver.setOptionValue("qp_iteration_limit", MOST_PIVOTS)
    solver.passModel(model)
    solver.run()
    if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        return np.zeros(num_prices), np.zeros(num_groups)
    solution = np.array(solver.getSolution().col_value)
    return solution[:num_prices], solution[num_prices:]
