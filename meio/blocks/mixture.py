"""Which rounds of a search to mix: shares of all products that together keep every capacity at the least cost.

No single price vector does: at one price nearly all products buy ahead, slightly below it none. But the dual's answer
is a sum over products, so if a share of them answers each of several rounds, use is the mean of these rounds' uses. The
best shares are a small linear program, the master problem of Dantzig and Wolfe, and its multipliers are the prices to
ask about next.

References
----------
Dantzig, G. and Wolfe, P. (1960), "Decomposition principle for linear programs", Operations Research 8.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.optimize import linprog

from meio.network.compiled import Floats

MARGIN = 0.005  # aimed so far below every capacity; repair of a block may end as much above its share
_CLOSED = 1e-9  # a capacity of nothing is kept by products that do not use it


class Rounds(NamedTuple):
    """What was answered to prices, one row a round."""

    prices: Floats
    """[round, resource]"""
    use: Floats
    """[round, resource]"""
    cost: Floats
    """[round]: money over the horizon, without prices"""
    priced_cost: Floats
    """[round]: the least that products pay at these prices, money over the horizon"""

    def and_those(self, later: Rounds) -> Rounds:
        """These and later ones."""
        return Rounds(*(np.concatenate(parts) for parts in zip(self, later, strict=True)))

    def dual_value(self, capacity: Floats, period_days: float) -> Floats:
        """Value of the dual of each round, [round], at capacities [resource]; those without limit have no price."""
        return self.priced_cost - period_days * self.prices @ np.where(np.isfinite(capacity), capacity, 0.0)


class Mixture(NamedTuple):
    """The best shares of rounds."""

    share: Floats
    """[round], adding up to 1"""
    excess: float
    """Largest use above a capacity less `MARGIN`, relative to it"""
    prices: Floats
    """[resource]: what one more unit of capacity in each period would be worth to the mixture"""


def best_mixture(rounds: Rounds, capacity: Floats, dearest: Floats, period_days: float) -> Mixture:
    """Shares of rounds of least cost that keep capacities, or, at the dearest price of each, exceed them least.

    Parameters
    ----------
    rounds : Rounds
    capacity : array [resource]
        inf: no limit.
    dearest : array [resource]
        Money per unit of capacity and day, > 0.
    period_days : float
    """
    limited = np.isfinite(capacity) & (capacity > _CLOSED)
    aim = (1.0 - MARGIN) * capacity[limited]
    relative = rounds.use[:, limited] / aim
    num_rounds, num_limits = relative.shape
    money = max(float(np.abs(rounds.cost).max()), _CLOSED)
    fine = dearest[limited] * period_days * aim / money
    found = linprog(
        np.concatenate([rounds.cost / money, fine]),
        A_ub=np.hstack([relative.T, -np.eye(num_limits)]),
        b_ub=np.ones(num_limits),
        A_eq=np.concatenate([np.ones(num_rounds), np.zeros(num_limits)])[None],
        b_eq=[1.0],
        method="highs",
    )
    share = np.maximum(np.asarray(found.x)[:num_rounds], 0.0)
    share /= share.sum()
    prices = np.zeros_like(capacity)
    prices[limited] = np.maximum(-found.ineqlin.marginals, 0.0) * money / (period_days * aim)
    excess = float((share @ relative - 1.0).max(initial=0.0))
    return Mixture(share, excess, prices)
