"""Every executor gives the same results in the same order, whatever fails on the way."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from block_cases import NUM_BLOCKS, PRICES, Load, dot, dot_failing_once, dot_first_late, dot_refused, dot_without_memory

from meio.blocks.executors.protocol import BlockFailure, Executor
from meio.blocks.executors.serial import SerialExecutor

MAKERS: dict[str, Callable[[], Executor]] = {"serial": SerialExecutor}


@pytest.fixture(params=MAKERS)
def executor(request: pytest.FixtureRequest) -> Iterator[Executor]:
    made = MAKERS[request.param]()
    yield made
    made.close()


def expected() -> list[tuple[int, np.ndarray]]:
    """What every executor must answer to `dot` at `PRICES`, worked out without one."""
    answers = []
    for index in range(NUM_BLOCKS):
        total = np.zeros(len(PRICES))
        for row in np.random.default_rng(index).normal(size=(1000, len(PRICES))):
            total = total + row * PRICES
        answers.append((index, total))
    return answers


def assert_same(answers: list[Any], wanted: list[tuple[int, np.ndarray]]):
    assert [index for index, _ in answers] == [index for index, _ in wanted]
    for (_, found), (_, right) in zip(answers, wanted, strict=True):
        np.testing.assert_array_equal(found, right)


def test_results_come_in_block_order(executor: Executor, tmp_path: Path):
    executor.open(Load(tmp_path / "diary"), NUM_BLOCKS)
    assert_same(list(executor.map(dot_first_late, PRICES)), expected())


def test_problems_are_made_once(executor: Executor, tmp_path: Path):
    load = Load(tmp_path / "diary")
    executor.open(load, NUM_BLOCKS)
    for _ in range(3):
        assert_same(list(executor.map(dot, PRICES)), expected())
    assert sorted(load.times()) == list(range(NUM_BLOCKS))


def test_passing_trouble_changes_nothing(executor: Executor, tmp_path: Path):
    executor.open(Load(tmp_path / "diary"), NUM_BLOCKS)
    assert_same(list(executor.map(dot_failing_once, tmp_path / "marker")), expected())
    assert (tmp_path / "marker").exists()


def test_failing_problem_is_reported_and_the_others_go_on(executor: Executor, tmp_path: Path):
    load = Load(tmp_path / "diary", fails_at=2)
    executor.open(load, NUM_BLOCKS)
    answers = list(executor.map(dot, PRICES))
    assert answers.pop(2) == BlockFailure(2, "ValueError: block 2 is broken")
    assert_same(answers, [answer for answer in expected() if answer[0] != 2])
    assert load.times().count(2) == 2


@pytest.mark.parametrize(
    ("task", "error"),
    [(dot_refused, "ZeroDivisionError: nothing to share"), (dot_without_memory, "MemoryError: too large")],
)
def test_failing_task_is_reported_every_round(executor: Executor, tmp_path: Path, task: Any, error: str):
    executor.open(Load(tmp_path / "diary"), NUM_BLOCKS)
    for refused in (0, NUM_BLOCKS - 1):
        answers = list(executor.map(task, refused))
        assert answers == [BlockFailure(i, error) if i == refused else i for i in range(NUM_BLOCKS)]


def test_memory_bounds_what_is_kept(tmp_path: Path):
    load = Load(tmp_path / "diary")
    executor = SerialExecutor(memory_mb=0)
    executor.open(load, NUM_BLOCKS)
    for _ in range(2):
        assert_same(list(executor.map(dot, PRICES)), expected())
    assert load.times() == [*range(NUM_BLOCKS)] * 2
