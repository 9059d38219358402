"""Every executor gives the same results in the same order, whatever fails on the way."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from block_cases import (
    NUM_BLOCKS,
    PRICES,
    Load,
    assert_same,
    dot,
    dot_failing_once,
    dot_first_late,
    dot_refused,
    dot_without_memory,
    expected,
)

from meio.blocks.executors import keeper
from meio.blocks.executors.dask import DaskExecutor
from meio.blocks.executors.processes import ProcessExecutor
from meio.blocks.executors.protocol import BlockFailure, Executor
from meio.blocks.executors.serial import SerialExecutor

MAKERS: dict[str, Callable[[], Executor]] = {
    "serial": partial(SerialExecutor, memory_mb=1e6),  # tests before this one leave much in memory
    "processes": lambda: ProcessExecutor(2),
    "dask": lambda: DaskExecutor(workers=2),
}


@pytest.fixture(scope="module", params=MAKERS)
def executor(request: pytest.FixtureRequest) -> Iterator[Executor]:
    if request.param == "dask":
        pytest.importorskip("distributed")
    made = MAKERS[request.param]()
    yield made
    made.close()


def test_results_come_in_block_order(executor: Executor, tmp_path: Path):
    executor.open(Load(tmp_path / "diary"), NUM_BLOCKS)
    assert_same(list(executor.map(dot_first_late, PRICES)), expected())


def test_problems_are_kept(executor: Executor, tmp_path: Path):
    load = Load(tmp_path / "diary")
    executor.open(load, NUM_BLOCKS)
    for _ in range(3):
        assert_same(list(executor.map(dot, PRICES)), expected())
    assert set(load.times()) == set(range(NUM_BLOCKS))
    assert len(load.times()) < 2 * NUM_BLOCKS  # a worker that is far behind leaves blocks to another


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


def test_first_problems_that_fit_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    load = Load(tmp_path / "diary")
    monkeypatch.setattr(keeper, "resident_mb", lambda: 100.0 * len(load.times()))
    executor = SerialExecutor(memory_mb=300.0)
    executor.open(load, NUM_BLOCKS)
    for _ in range(2):
        assert_same(list(executor.map(dot, PRICES)), expected())
    assert load.times() == [*range(NUM_BLOCKS), *range(3, NUM_BLOCKS)]


def test_process_knows_how_much_memory_it_holds():
    before = keeper.resident_mb()
    block = np.ones(40_000_000 // 8)
    assert 35 < keeper.resident_mb() - before < 45
    assert block[-1] == 1
