"""Planning in blocks: the same dual as in memory, whoever does the work, and whatever happens on the way."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from catalogue_cases import catalogue_tables, write_catalogue

from meio.blocks import sample
from meio.blocks.answers import bound_products
from meio.blocks.checkpoint import Checkpoint
from meio.blocks.dual import BlockDual, Blocks, BlocksLostError
from meio.blocks.executors.processes import ProcessExecutor
from meio.blocks.executors.protocol import BlockFailure, Executor
from meio.blocks.executors.serial import SerialExecutor
from meio.blocks.journal import Journal
from meio.blocks.plan import CataloguePlan, plan_in_blocks
from meio.blocks.problem import load_problem
from meio.network.catalogue import Catalogue, open_catalogue
from meio.network.compile import compile_scenario
from meio.network.scenario import load_scenario
from meio.optimizer.certificate import bounds_of, certify, scaled_prices, summed_bounds
from meio.optimizer.evaluation import Evaluator
from meio.optimizer.model import planning_model
from meio.optimizer.planner import evaluator_of, solved
from meio.optimizer.prices import capacities, flat, no_prices, unflat, violation
from meio.optimizer.recovery import pack_storage

PRODUCTS = 120
ROUNDS = 30
NODES = {
    "north": {"storage_m3": {"sortable": 5.6, "bulky": 42.0}, "outbound_units_per_day": 400.0},
    "south": {"storage_m3": {"sortable": 4.2, "bulky": 35.0}, "outbound_units_per_day": 300.0},
    "city": {"storage_m3": {"sortable": 1.4}},
}


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A catalogue with packs, minimum orders, stock and open orders, short of storage."""
    planning = {"max_iterations": ROUNDS, "target_gap": 1e-9, "refinement_rounds": 0}
    folder = tmp_path_factory.mktemp("catalogue")
    return write_catalogue(folder, catalogue_tables(PRODUCTS), {"products": 10}, nodes=NODES, planning=planning)


@pytest.fixture(scope="module")
def catalogue(path: Path) -> Catalogue:
    return open_catalogue(path, products_per_block=30)


@pytest.fixture(scope="module")
def whole(path: Path) -> Any:
    return compile_scenario(load_scenario(path))


def planned(catalogue: Catalogue, folder: Path, executor: Executor | None = None, **options: Any) -> CataloguePlan:
    """The plan, its parts in a folder."""
    executor = executor or SerialExecutor()
    try:
        return plan_in_blocks(catalogue, executor, folder, **options)
    finally:
        executor.close()


def parts(folder: Path) -> pd.DataFrame:
    return pd.read_parquet(folder / "targets.parquet").astype({"product": "str", "node": "str", "lane": "str"})


@pytest.fixture(scope="module")
def reference(catalogue: Catalogue, tmp_path_factory: pytest.TempPathFactory) -> tuple[CataloguePlan, pd.DataFrame]:
    folder = tmp_path_factory.mktemp("reference")
    made = planned(catalogue, folder)
    return made, parts(folder)


def assert_same(made: CataloguePlan, folder: Path, reference: tuple[CataloguePlan, pd.DataFrame]) -> None:
    """To the last bit."""
    expected, targets = reference
    for found, wanted in ((made.plan.prices, expected.plan.prices), (made.plan.use, expected.plan.use)):
        assert np.array_equal(flat(found), flat(wanted))
    assert made.plan.planned_cost == expected.plan.planned_cost
    assert made.plan.dual_value == expected.plan.dual_value
    assert made.plan.lower_bound == expected.plan.lower_bound
    assert made.plan.bound_conditions == expected.plan.bound_conditions
    pd.testing.assert_frame_equal(parts(folder), targets, check_exact=True)


def test_blocks_answer_as_the_whole_does(catalogue: Catalogue, whole: Any) -> None:
    assert len(catalogue.blocks) == 4
    shared = capacities(whole)
    model = planning_model(whole)
    unpriced = Evaluator(model, shared, 1)(no_prices(shared.limit))
    evaluate = evaluator_of(whole, shared, 1)
    executor = SerialExecutor()
    executor.open(partial(load_problem, catalogue, 1), len(catalogue.blocks))
    blocks = Blocks(executor, len(catalogue.blocks), lambda _: None)
    dual = BlockDual(blocks, shared, evaluate.model.period_days, no_prices(shared.limit))
    assert dual.setting.fixed.storage == pytest.approx(pack_storage(whole, model, unpriced.decisions))
    assert flat(dual.scale()) == pytest.approx(flat(evaluate.scale()))
    assert dual.free_capacity == pytest.approx(evaluate.free_capacity)
    drawn = np.random.default_rng(3).random(len(flat(shared.limit))) * np.isfinite(flat(shared.limit))
    for prices in (no_prices(shared.limit), unflat(drawn, shared.limit)):
        found, wanted = dual(prices), evaluate(prices)
        assert found.cost == pytest.approx(wanted.cost, rel=1e-12)
        assert found.dual_value == pytest.approx(wanted.dual_value, rel=1e-12)
        assert flat(found.use) == pytest.approx(flat(wanted.use), rel=1e-9)
        assert dual.curvature(found) == pytest.approx(evaluate.curvature(wanted), rel=1e-9)
        assert found.groups.cost.sum() == pytest.approx(wanted.groups.cost.sum(), rel=1e-12)
        assert found.groups.slope.sum(axis=0) == pytest.approx(wanted.groups.slope.sum(axis=0), rel=1e-9)


def test_blocks_are_bounded_as_the_whole_is(
    catalogue: Catalogue, whole: Any, reference: tuple[CataloguePlan, pd.DataFrame]
) -> None:
    plan, proof = reference[0].plan, certify(whole, reference[0].plan.prices)
    executor = SerialExecutor()
    executor.open(partial(load_problem, catalogue, 1), len(catalogue.blocks))
    for prices in scaled_prices(whole, plan.prices):
        found, wanted = summed_bounds(executor.map(bound_products, prices)), bounds_of(whole, prices)
        assert found.value == pytest.approx(wanted.value, rel=1e-12)
        assert found[1:] == wanted[1:]
    assert plan.bound_conditions == proof.conditions
    assert plan.lower_bound == pytest.approx(proof.lower_bound, rel=1e-2)  # at prices that are nearly the same
    assert 0.0 < plan.lower_bound < plan.planned_cost


def test_plan_keeps_within_capacity_and_costs_as_much_as_one_in_memory(
    catalogue: Catalogue, whole: Any, reference: tuple[CataloguePlan, pd.DataFrame]
) -> None:
    plan = reference[0].plan
    in_memory = solved(whole, catalogue.file.planning, workers=1).plan
    free = evaluator_of(whole, capacities(whole), 1)(no_prices(capacities(whole).limit))
    assert violation(free.use, capacities(whole).limit) > 0.5
    assert plan.capacity_violation_max <= 2e-3
    assert 0.9 * in_memory.planned_cost < plan.planned_cost <= 1.02 * in_memory.planned_cost  # blocks repair coarsely
    assert list(plan.recovery["step"]) == ["round", "repair", "count"]


def test_parts_hold_every_product_once(whole: Any, reference: tuple[CataloguePlan, pd.DataFrame]) -> None:
    targets = reference[1]
    assert list(targets["product"].unique()) == list(whole.names.products)
    assert not targets.duplicated(["product", "node", "period"]).any()
    assert (targets["target"] == targets["target"].round()).all()


def test_processes_give_the_same_plan(
    catalogue: Catalogue, tmp_path: Path, reference: tuple[CataloguePlan, pd.DataFrame]
) -> None:
    assert_same(planned(catalogue, tmp_path, ProcessExecutor(2)), tmp_path, reference)


class Stopping:
    """A store after whose last record the run is killed."""

    def __init__(self, store: Checkpoint, most: int) -> None:
        self._store, self._most = store, most

    def read(self) -> Any:
        return self._store.read()

    def append(self, record: Any) -> None:
        if self._most == 0:
            raise KeyboardInterrupt
        self._most -= 1
        self._store.append(record)


@pytest.mark.parametrize(("steps", "rounds"), [(1, 3), (2, 2), (3, 1), (4, 1), (6, 1)])
def test_a_run_goes_on_where_it_stopped(
    catalogue: Catalogue, tmp_path: Path, steps: int, rounds: int, reference: tuple[CataloguePlan, pd.DataFrame]
) -> None:
    """After the search; held against all; bounded; before the first block is settled; after two blocks."""
    identity = {"scenario": catalogue.hash}
    store = Checkpoint(tmp_path / "rounds", identity)
    with pytest.raises(KeyboardInterrupt):
        planned(catalogue, tmp_path, journal=Journal(Stopping(store, steps)))
    counting = Counting()
    made = planned(catalogue, tmp_path, counting, journal=Journal(Checkpoint(tmp_path / "rounds", identity)))
    assert counting.rounds == rounds
    assert_same(made, tmp_path, reference)


class Counting(SerialExecutor):
    """Counts the rounds that are really asked."""

    rounds = 0

    def map(self, task: Any, argument: Any) -> Iterator[Any]:
        self.rounds += 1
        return super().map(task, argument)


class Losing(SerialExecutor):
    """Loses a block in some round, and from then on."""

    def __init__(self, block: int, first_round: int) -> None:
        super().__init__()
        self._block, self._left = block, first_round

    def map(self, task: Any, argument: Any) -> Iterator[Any]:
        self._left -= 1
        for index, result in enumerate(super().map(task, argument)):
            lost = index == self._block and self._left < 0
            yield BlockFailure(index, "ValueError: broken") if lost else result


@pytest.mark.parametrize("first_round", [0, 1, 2])
def test_a_block_that_fails_is_left_out(catalogue: Catalogue, tmp_path: Path, first_round: int) -> None:
    """While prices are held against it, while it is bounded, while it is settled."""
    made = planned(catalogue, tmp_path, Losing(1, first_round))
    assert made.lost == {1: "ValueError: broken"}
    assert np.isnan(made.plan.lower_bound)
    assert made.plan.bound_conditions == ("not claimed: 1 blocks are lost",)
    names = catalogue.block(1).tables["products"]["product"]
    planned_products = set(parts(tmp_path)["product"])
    assert len(planned_products) == PRODUCTS - len(names)
    assert not planned_products & set(names)
    assert made.plan.capacity_violation_max <= 2e-3


def test_no_block_left_is_an_error(catalogue: Catalogue, tmp_path: Path) -> None:
    class AllLost(SerialExecutor):
        def map(self, *_: Any) -> Iterator[Any]:
            return (BlockFailure(index, "OSError: gone") for index in range(4))

    with pytest.raises(BlocksLostError, match="4 blocks failed, the first of them block 0: OSError: gone"):
        planned(catalogue, tmp_path, AllLost())


def test_a_sample_draws_products_of_every_block(catalogue: Catalogue) -> None:
    kept = sample.load_sample(catalogue, 1, 1 / 3, 1)
    names = catalogue.block(1).tables["products"]["product"].tolist()
    assert list(kept.compiled.names.products) == [names[place - 30] for place in kept.product_idx]
    assert len(set(kept.product_idx)) == 10
    assert len(set(np.diff(kept.product_idx))) > 2  # no stride, which might meet every product of a kind, or none


def test_prices_of_a_sample_are_held_against_all_products(
    catalogue: Catalogue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reference: tuple[CataloguePlan, pd.DataFrame]
) -> None:
    monkeypatch.setattr(sample, "FEWEST_SAMPLED", PRODUCTS // 3)
    made = planned(catalogue, tmp_path).plan
    assert made.capacity_violation_max <= 5e-2  # 40 products tell little of 120
    assert made.planned_cost == pytest.approx(reference[0].plan.planned_cost, rel=2e-2)
