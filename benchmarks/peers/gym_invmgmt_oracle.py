"""What could have been earned had all demand been known: a linear program over the whole horizon, on HiGHS.

Runs under gym-invmgmt's own Python. Where goodwill makes demand depend on what is served, the program and the
environment take turns, as in the published benchmark: from the demand of an empty network and from that of a network
without shortages, at most ten turns each; the best run counts. That is no bound, but what published figures divide by.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from gym_invmgmt import CoreEnv
from numpy.typing import NDArray
from scipy.optimize import linprog
from scipy.sparse import lil_array

from gym_invmgmt_grid import PERIODS, Case
from gym_invmgmt_state import State

TURNS, SAME = 10, 1.0
Floats = NDArray[np.float64]


def oracle_profit(case: Case, seed: int) -> float:
    """Profit of the best orders."""
    still = _played(case.environment(), seed, np.zeros((PERIODS, 0)))
    if not case.goodwill:
        return float(_played(case.environment(), seed, best_orders(still, still.D[:, 0])).P.sum())
    return max(_settled(case, seed, start) for start in (still.D[:, 0], _unhurt(case, seed)))


def _settled(case: Case, seed: int, demand: Floats) -> float:
    best = -np.inf
    for _ in range(TURNS):
        played = _played(case.environment(), seed, best_orders(case.environment(), demand))
        best = max(best, float(played.P.sum()))
        if np.abs(played.D[:, 0] - demand).sum() <= SAME:
            break
        demand = played.D[:, 0].copy()
    return best


def _unhurt(case: Case, seed: int) -> Floats:
    """Demand with all orders forgiven."""
    env = case.environment()
    env.reset(seed=seed)
    for _ in range(PERIODS):
        env.step(np.zeros(env.action_space.shape))
        env.U[env.period - 1] = 0.0
    return np.asarray(env.D[:, 0])


def _played(env: CoreEnv, seed: int, orders: Floats) -> CoreEnv:
    """The environment after the orders of every period; none: zeros."""
    env.reset(seed=seed)
    for row in orders if orders.size else np.zeros((PERIODS, *env.action_space.shape)):
        env.step(row)
    return env


def best_orders(env: CoreEnv, demand: Floats) -> Floats:
    """Orders by period and link that earn most with known demand of the one retailer.

    Variables by period: orders of every link, sales, units owed or lost, stock of every node at the period's end.
    """
    state = State(env)
    num_links, num_nodes = len(state.links), len(state.nodes)
    width = num_links + 2 + num_nodes
    total = PERIODS * width
    (retailer,), (sale,) = state.retailers, env.network.retail_links
    at = {node: num_links + 2 + place for place, node in enumerate(state.nodes)}
    gain = np.zeros((PERIODS, width))
    gain[:, num_links] = env.graph.edges[sale]["p"]
    gain[:, num_links + 1] = -env.graph.edges[sale]["b"]
    for node in state.nodes:
        gain[:, at[node]] = -env.graph.nodes[node]["h"]
    for index, link in enumerate(state.links):
        own = env.graph.nodes[link.source]
        paid = -link.price if link.source in state.sources else -own.get("o", 0.0)
        left = np.minimum(link.lead, PERIODS - np.arange(PERIODS))
        gain[:, index] = paid - link.on_the_way * left
    equal, equal_to = lil_array((PERIODS * (num_nodes + 1), total)), np.zeros(PERIODS * (num_nodes + 1))
    most: list[dict[int, float]] = []
    most_of: list[float] = []
    for period in range(PERIODS):
        base, before = period * width, (period - 1) * width
        row = period * (num_nodes + 1)
        for node in state.nodes:
            equal[row, base + at[node]] = 1.0
            start = float(env.graph.nodes[node].get("I0", 0.0))
            taken: dict[int, float] = {}
            if period:
                equal[row, before + at[node]] = -1.0
                taken[before + at[node]] = -1.0
            equal_to[row] = 0.0 if period else start
            for index, link in enumerate(state.links):
                if link.node == node and period >= link.lead:
                    equal[row, (period - link.lead) * width + index] -= 1.0
                if link.source == node:
                    equal[row, base + index] += 1.0
                    taken[base + index] = 1.0
            if node == retailer:
                equal[row, base + num_links] += 1.0
            elif taken:
                most.append(taken)
                most_of.append(0.0 if period else start)
            if node in state.factories:
                most.append({base + i: 1.0 for i, link in enumerate(state.links) if link.source == node})
                most_of.append(float(env.graph.nodes[node]["C"]))
            row += 1
        equal[row, [base + num_links, base + num_links + 1]] = 1.0
        if period and env.backlog:
            equal[row, before + num_links + 1] = -1.0
        equal_to[row] = demand[period]
    below: Any = lil_array((len(most), total))
    for row, terms in enumerate(most):
        for column, value in terms.items():
            below[row, column] = value
    solved = linprog(-gain.ravel(), A_ub=below.tocsr(), b_ub=most_of, A_eq=equal.tocsr(), b_eq=equal_to, method="highs")
    if solved.status != 0:
        raise RuntimeError(f"the oracle's program ended with: {solved.message}")
    return np.asarray(solved.x.reshape(PERIODS, width)[:, :num_links])
