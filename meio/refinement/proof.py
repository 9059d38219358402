"""What targets cost and use on paths that no search has seen."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from meio.network.compiled import Floats
from meio.optimizer.prices import capacities, fields, no_prices, violation
from meio.plans import CapacityPrices
from meio.refinement.sampling import Paths, sampled, use_of

SEED = 2**61
BATCHES, PATHS = 6, 2  # of every product: batches tell how far chance goes
CERTAIN = 2.0  # standard errors


class Proof(NamedTuple):
    """Means over paths on which nothing is full."""

    cost: float
    """Money over the horizon, without prices."""
    use: CapacityPrices
    error: CapacityPrices
    """Standard errors of the use."""

    def violation(self, allowed: CapacityPrices) -> float:
        """Largest relative excess over what is allowed, less what chance explains."""
        parts = zip(fields(self.use), fields(self.error), strict=True)
        return violation(CapacityPrices(*(use - CERTAIN * error for use, error in parts)), allowed)


def proven(paths: Paths, targets: Floats) -> Proof:
    """Run all products under whole targets [product, node, period]."""
    free = no_prices(capacities(paths.compiled).limit)
    cost, uses = 0.0, []
    for batch in range(BATCHES):
        samples = sampled(paths, targets, free, SEED + batch, PATHS)
        cost += float(samples.cost.sum()) / BATCHES
        uses.append(fields(use_of(paths, samples)))
    parts = [np.stack(part) for part in zip(*uses, strict=True)]
    error = CapacityPrices(*(part.std(axis=0, ddof=1) / np.sqrt(BATCHES) for part in parts))
    return Proof(cost, CapacityPrices(*(part.mean(axis=0) for part in parts)), error)
