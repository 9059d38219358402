"""Every executor gives the same results in the same order, whatever fails on the way."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import closing
from multiprocessing import active_children
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from block_cases import (
    NUM_BLOCKS,
    PRICES,
    Load,
    dot,
    dot_failing_once,
    dot_first_late,
    dot_killed_always,
    dot_killed_once,
    dot_refused,
    dot_without_memory,
    process,
)

from meio.blocks.executors.dask import DaskExecutor
from meio.blocks.executors.processes import ProcessExecutor
from meio.blocks.executors.protocol import BlockFailure, Executor
from meio.blocks.executors.serial import SerialExecutor

MAKERS: dict[str, Callable[[], Executor]] = {
    "serial": SerialExecutor,
    "processes": lambda: ProcessExecutor(2),
    "dask": lambda: DaskExecutor(workers=2),
}


@pytest.fixture(scope="module", params=MAKERS)
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


def test_killed_worker_is_replaced(tmp_path: Path):
    with closing(ProcessExecutor(2)) as executor:
        executor.open(Load(tmp_path / "diary"), NUM_BLOCKS)
        before = {pid for pid, _ in executor.map(process, None)}
        assert_same(list(executor.map(dot_killed_once, tmp_path / "marker")), expected())
        after = {pid for pid, _ in executor.map(process, None)}
    assert len(before & after) == 1
    assert len(after) == 2


def test_worker_killed_between_rounds_is_replaced(tmp_path: Path):
    with closing(ProcessExecutor(2)) as executor:
        executor.open(Load(tmp_path / "diary"), NUM_BLOCKS)
        for killed in {pid for pid, _ in executor.map(process, None)}:
            os.kill(killed, signal.SIGKILL)
            assert_same(list(executor.map(dot, PRICES)), expected())


def test_block_that_kills_its_worker_is_reported(tmp_path: Path):
    with closing(ProcessExecutor(2)) as executor:
        executor.open(Load(tmp_path / "diary"), NUM_BLOCKS)
        answers = list(executor.map(dot_killed_always, 4))
    failure = answers.pop(4)
    assert answers == [index for index in range(NUM_BLOCKS) if index != 4]
    assert failure == BlockFailure(
        4,
        "WorkerDied: the process that worked on the block ended by SIGKILL; was there enough memory?",
    )


def test_process_has_one_thread_and_keeps_its_blocks(tmp_path: Path):
    before = dict(os.environ)
    with closing(ProcessExecutor(2)) as executor:
        executor.open(Load(tmp_path / "diary"), NUM_BLOCKS)
        rounds = [list(executor.map(process, None)) for _ in range(2)]
    assert {threads for _, threads in rounds[0]} == {"1"}
    assert dict(os.environ) == before
    assert os.getpid() not in dict(rounds[0])


def test_round_left_in_the_middle_leaves_no_process(tmp_path: Path):
    with closing(ProcessExecutor(2)) as executor:
        executor.open(Load(tmp_path / "diary"), NUM_BLOCKS)
        list(executor.map(dot, PRICES))  # all have started
        answers = executor.map(dot_first_late, PRICES)
        next(answers)  # the other one works on a later block by now
        answers.close()
        assert active_children() == []
        assert_same(list(executor.map(dot, PRICES)), expected())
    assert active_children() == []
