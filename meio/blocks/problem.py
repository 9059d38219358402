"""A block of products, ready to answer prices."""

from __future__ import annotations

from typing import NamedTuple, Protocol

import numpy as np

from meio.network.compile import compile_scenario
from meio.network.compiled import CompiledScenario, Ints
from meio.network.model import Scenario, ScenarioFile
from meio.optimizer.evaluation import Evaluator
from meio.optimizer.model import planning_model
from meio.optimizer.prices import capacities


class BlockRows(Protocol):
    """Where a block stands in its catalogue."""

    @property
    def first_product(self) -> int:
        """Position of its first product in the catalogue."""

    @property
    def num_products(self) -> int:
        """How many follow each other."""


class Catalogue(Protocol):
    """A scenario in blocks of products: `meio.network.catalogue.Catalogue`, or anything like it."""

    @property
    def file(self) -> ScenarioFile:
        """What the scenario says besides its tables."""

    @property
    def blocks(self) -> tuple[BlockRows, ...]:
        """In the order of the products."""

    def block(self, index: int) -> Scenario:
        """The scenario of only these products."""


class Problem(NamedTuple):
    """The products of a block as the planner sees them."""

    block: int
    compiled: CompiledScenario
    evaluate: Evaluator
    """With the whole capacities, of which nothing is in use otherwise."""
    product_idx: Ints
    """[product]: positions in the catalogue"""


def load_problem(catalogue: Catalogue, workers: int, index: int) -> Problem:
    """Read and compile a block; its products are answered for by so many threads.

    Raises
    ------
    ScenarioError
        With every problem of the block's tables.
    """
    compiled = compile_scenario(catalogue.block(index))
    rows = catalogue.blocks[index]
    evaluate = Evaluator(planning_model(compiled), capacities(compiled), workers)
    return Problem(index, compiled, evaluate, rows.first_product + np.arange(rows.num_products))
