"""How many replications: a given number, or as many as the precision asked for needs."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from meio.network.compiled import Floats
from meio.simulation.measures import SimulationResult
from meio.simulation.statistics import relative_half_width
from meio.simulation.tally import UNAVOIDABLE, Outcome

FEWEST_TO_STOP = 10
"""Replications before a precision can count as reached; with fewer, a narrow interval is too often luck."""
MOST_REPLICATIONS = 1000
"""Where to stop short of a precision, unless told otherwise."""


class SimulationInterrupted(KeyboardInterrupt):
    """Someone stopped a simulation.

    Attributes
    ----------
    result : SimulationResult
        Of the replications that were finished, at least one.
    """

    def __init__(self, result: SimulationResult) -> None:
        super().__init__()
        self.result = result


@dataclass(frozen=True)
class StoppingRule:
    """When the replications are enough.

    With a precision, they are as soon as the 95% interval of mean total cost is that narrow, looked at after each
    replication in their order.

    Attributes
    ----------
    least, most : int
        Number of replications.
    precision : float or None
        Half-width of the interval over the mean; none: `least` replications are enough.

    References
    ----------
    Chow and Robbins (1965), On the asymptotic theory of fixed-width sequential confidence intervals for the mean.
    """

    least: int
    most: int
    precision: float | None

    def is_met(self, costs: Floats) -> bool:
        """Whether these total costs, [replication], are enough."""
        if len(costs) < self.least:
            return False
        return self.precision is None or len(costs) >= self.most or relative_half_width(costs) <= self.precision


def stopping_rule(replications: int, precision: float | None, most_replications: int) -> StoppingRule:
    """The rule for what was asked; a most that is less than what is needed at least gives way to it.

    Raises
    ------
    ValueError
        When a number is out of its range.
    """
    if replications < 1:
        raise ValueError(f"replications: found {replications}, expected at least 1")
    if precision is None:
        return StoppingRule(replications, replications, None)
    if not 0 < precision < 1:
        raise ValueError(f"precision: found {precision}, expected a share of the cost above 0 and below 1")
    least = max(replications, FEWEST_TO_STOP)
    return StoppingRule(least, max(most_replications, least), precision)


def in_order(run: Callable[[int], Outcome], rule: StoppingRule, workers: int | None) -> Iterator[Outcome]:
    """Outcomes in the order of replications, whatever thread finishes first, until no more are asked for.

    As many replications as the rule needs at least are under way or waiting; those that turn out to be too many are
    thrown away.
    """
    with ThreadPoolExecutor(workers or os.cpu_count()) as threads:
        coming = deque(threads.submit(run, replication) for replication in range(rule.least))
        try:
            for replication in range(rule.least, rule.most + rule.least):
                yield coming.popleft().result()
                if replication < rule.most:
                    coming.append(threads.submit(run, replication))
        finally:
            threads.shutdown(wait=False, cancel_futures=True)


def total_costs(outcomes: Sequence[Outcome]) -> Floats:
    """Total cost of each replication."""
    return np.array([outcome.tally.money[:UNAVOIDABLE].sum() for outcome in outcomes])
