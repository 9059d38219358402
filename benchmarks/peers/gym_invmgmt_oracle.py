"""What could have been earned had all demand been known: a linear program over the whole horizon, on HiGHS.

Runs under gym-invmgmt's own Python. Where goodwill makes demand depend on what is served, the program and the
environment take turns, as in the published benchmark: from the demand of an empty network and from that of a network
without shortages, at most ten turns each; the best run counts. That is no bound, but what published figures divide by.
"""

from __future__ import annotations

import numpy as np
from gym_invmgmt import CoreEnv
from gym_invmgmt_grid import PERIODS, Case
from gym_invmgmt_state import State
from numpy.typing import NDArray
from scipy.optimize import linprog
from scipy.sparse import csr_array

TURNS, SAME = 10, 1.0
Floats = NDArray[np.float64]
Terms = dict[int, float]


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
    """Orders by period and link that earn most with known demand of the one retailer."""
    program = Program(env, demand)
    equal, most = [], []
    for period in range(PERIODS):
        equal += [program.balance(period, node) for node in program.state.nodes]
        equal.append(program.customers(period))
        most += program.shelves(period) + program.capacities(period)
    equal_matrix, equal_to = program.matrix(equal)
    most_matrix, most_of = program.matrix(most)
    solved = linprog(
        -program.gain().ravel(), A_ub=most_matrix, b_ub=most_of, A_eq=equal_matrix, b_eq=equal_to, method="highs"
    )
    if solved.status != 0:
        raise RuntimeError(f"the oracle's program ended with: {solved.message}")
    return np.asarray(solved.x.reshape(PERIODS, program.width)[:, : len(program.state.links)])


class Program:
    """Rows of the program, each as its terms by column and its right side.

    Columns by period: orders of every link, units sold, units owed or lost, stock of every node at the period's end.
    """

    def __init__(self, env: CoreEnv, demand: Floats) -> None:
        self.env, self.state, self.demand = env, State(env), demand
        (self.retailer,), (self.sale,) = self.state.retailers, env.network.retail_links
        self.sold = len(self.state.links)
        self.shelf = {node: self.sold + 2 + place for place, node in enumerate(self.state.nodes)}
        self.width = self.sold + 2 + len(self.shelf)

    def column(self, period: int, place: int) -> int:
        """Of a variable of a period."""
        return period * self.width + place

    def gain(self) -> Floats:
        """Money per unit of every variable, [period, place]."""
        graph = self.env.graph
        gain = np.zeros((PERIODS, self.width))
        gain[:, self.sold] = graph.edges[self.sale]["p"]
        gain[:, self.sold + 1] = -graph.edges[self.sale]["b"]
        for node, place in self.shelf.items():
            gain[:, place] = -graph.nodes[node]["h"]
        for index, link in enumerate(self.state.links):
            paid = link.price if link.source in self.state.sources else graph.nodes[link.source].get("o", 0.0)
            gain[:, index] = -paid - link.on_the_way * np.minimum(link.lead, PERIODS - np.arange(PERIODS))
        return gain

    def taken(self, period: int, node: int) -> Terms:
        """What leaves a node's shelf, sales apart."""
        return {self.column(period, i): 1.0 for i, link in enumerate(self.state.links) if link.source == node}

    def before(self, period: int, node: int) -> tuple[Terms, float]:
        """A period's first stock: a term, or in the first period a number."""
        if period == 0:
            return {}, float(self.env.graph.nodes[node].get("I0", 0.0))
        return {self.column(period - 1, self.shelf[node]): -1.0}, 0.0

    def balance(self, period: int, node: int) -> tuple[Terms, float]:
        """Stock at the end is that before, what arrives, less what leaves."""
        terms, start = self.before(period, node)
        terms |= self.taken(period, node) | {self.column(period, self.shelf[node]): 1.0}
        for index, link in enumerate(self.state.links):
            if link.node == node and period >= link.lead:
                terms[self.column(period - link.lead, index)] = -1.0
        if node == self.retailer:
            terms[self.column(period, self.sold)] = 1.0
        return terms, start

    def customers(self, period: int) -> tuple[Terms, float]:
        """Demand, with what waits from before, is sold or not."""
        terms = {self.column(period, self.sold): 1.0, self.column(period, self.sold + 1): 1.0}
        if period and self.env.backlog:
            terms[self.column(period - 1, self.sold + 1)] = -1.0
        return terms, float(self.demand[period])

    def shelves(self, period: int) -> list[tuple[Terms, float]]:
        """Nodes ship before they unload."""
        rows = []
        for node in self.state.nodes:
            if node != self.retailer:
                terms, start = self.before(period, node)
                rows.append((terms | self.taken(period, node), start))
        return rows

    def capacities(self, period: int) -> list[tuple[Terms, float]]:
        """Factories make so much a period."""
        nodes = self.env.graph.nodes
        return [(self.taken(period, node), float(nodes[node]["C"])) for node in self.state.factories]

    def matrix(self, rows: list[tuple[Terms, float]]) -> tuple[csr_array, Floats]:
        """Rows together, and their right sides."""
        entries = [(row, column, value) for row, (terms, _) in enumerate(rows) for column, value in terms.items()]
        row, column, value = zip(*entries, strict=True)
        shape = (len(rows), PERIODS * self.width)
        return csr_array((value, (row, column)), shape=shape), np.array([right for _, right in rows])
