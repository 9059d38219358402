"""Prices of capacities that follow what sampled paths use of them."""

from __future__ import annotations

import numpy as np

from meio.network.compiled import Floats
from meio.optimizer.prices import fields, relative_excess
from meio.plans import CapacityPrices

GAIN = 2.0  # relative step of a price and its scale together, per relative excess of use
DAMPING = 4.0  # the same for what is paid on top while the excess lasts
DECAY = 0.3  # the gain of round k is the first over k to this power
SMOOTHING = 0.5  # weight of the excess before: a few paths are noisy
LARGEST_EXCESS = 0.5  # that counts
MOST_SCALES = 200.0  # a price that high changes nothing any more: stock is where it was at the start


class PriceSteps:
    """Prices on their way to where use meets what is allowed, or is below at no price.

    A price rises by its excess, relative to itself and to the costs that it adds to, and falls likewise (Arrow,
    Hurwicz and Uzawa 1958, with relative steps).
    """

    def __init__(self, start: CapacityPrices, allowed: CapacityPrices, scale: CapacityPrices) -> None:
        self.prices = self.paid = start
        self._allowed, self._scale = allowed, scale
        self._excess: list[Floats] | None = None
        self._rounds = 0

    def follow(self, use: CapacityPrices) -> None:
        """Take one step."""
        pairs = zip(fields(use), fields(self._allowed), strict=True)
        excess = [np.clip(relative_excess(*pair), -LARGEST_EXCESS, LARGEST_EXCESS) for pair in pairs]
        if self._excess is not None:
            before = zip(self._excess, excess, strict=True)
            excess = [SMOOTHING * old + (1.0 - SMOOTHING) * new for old, new in before]
        self._excess = excess
        self._rounds += 1
        fading = self._rounds**-DECAY
        self.prices = self._moved(GAIN * fading, excess)
        self.paid = self._moved(DAMPING * fading, excess)

    def _moved(self, gain: float, excess: list[Floats]) -> CapacityPrices:
        parts = zip(fields(self.prices), excess, fields(self._scale), strict=True)
        return CapacityPrices(
            *(np.clip(price + gain * more * (price + scale), 0.0, MOST_SCALES * scale) for price, more, scale in parts)
        )
