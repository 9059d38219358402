"""Shifts of targets that go against noisy derivatives, and settle."""

from __future__ import annotations

import numpy as np

from meio.network.compiled import Bools, Floats

FIRST_STEP = 0.15  # of a node's mean target
LEAST_FIRST_STEP = 0.7  # units
DECAY = 0.3  # the step of round k is the first over k to this power
MEMORY = (0.7, 0.8)  # of the mean and of the mean square of the derivative
_TINY = 1e-12
DOWN, NEAREST = 1e-9, 0.5 - 1e-9  # rounding: derivatives are those of one unit more


class ShiftSteps:
    """Units added to all targets of a product-node together, those of busier periods more.

    Every round steps against the derivative's running mean over its root mean square, so that a derivative that
    keeps its sign moves a target by whole steps and one that does not hardly at all.

    References
    ----------
    Kingma, D. and Ba, J. (2015), "Adam: a method for stochastic optimization", ICLR.
    """

    def __init__(self, base: Floats, moves: Bools) -> None:
        """Start at `base` [product, node, period]; only product-nodes that `moves` [product, node] marks change."""
        self._base, self._moves = base, moves[:, :, None]
        shape = np.sqrt(base + 1.0)  # as the spread of demand grows
        self._shape = shape / shape.mean(axis=2, keepdims=True)
        self.shift = np.zeros((*base.shape[:2], 1))
        self._least = -(base / self._shape).max(axis=2, keepdims=True)
        self._step = np.maximum(FIRST_STEP * base.mean(axis=2, keepdims=True), LEAST_FIRST_STEP)
        self._mean, self._square, self._rounds = np.zeros_like(self.shift), np.zeros_like(self.shift), 0

    def begin(self, shift: Floats) -> None:
        """Start from a shift [product, node, 1] that was found for a scenario like this one."""
        self.shift = np.where(self._moves, np.maximum(shift, self._least), 0.0)

    def targets(self, rounding: float | Floats) -> Floats:
        """Whole targets [product, node, period] after the shift, rounded up from `1 - rounding`."""
        moved = np.maximum(np.floor(self._base + self.shift * self._shape + rounding), 0.0)
        return np.where(self._moves, moved, self._base)

    def cut(self, units: Floats) -> None:
        """Take units off all targets of product-nodes, [product, node]."""
        self.shift = np.maximum(self.shift - units[:, :, None], self._least)

    def follow(self, slope: Floats) -> None:
        """Take one step against the derivative of the cost in each target, [product, node, period]."""
        self._rounds += 1
        along = (slope * self._shape).sum(axis=2, keepdims=True)
        fading, squared = MEMORY
        self._mean = fading * self._mean + (1.0 - fading) * along
        self._square = squared * self._square + (1.0 - squared) * along**2
        mean, square = self._mean / (1.0 - fading**self._rounds), self._square / (1.0 - squared**self._rounds)
        step = self._step / self._rounds**DECAY
        self.shift = np.maximum(self.shift - step * mean / (np.sqrt(square) + _TINY), self._least)
