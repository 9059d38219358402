"""Processes that die are replaced, and none is left behind."""

from __future__ import annotations

import os
import signal
from contextlib import closing
from multiprocessing import active_children
from pathlib import Path

import pytest
from block_cases import (
    NUM_BLOCKS,
    PRICES,
    Load,
    LoadThatKills,
    assert_same,
    dot,
    dot_first_late,
    dot_killed_always,
    dot_killed_once,
    expected,
    process,
)

from meio.blocks.executors.processes import ProcessExecutor
from meio.blocks.executors.protocol import BlockFailure, ExecutorLost


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


def test_process_that_is_killed_again_and_again_while_it_starts(tmp_path: Path):
    with closing(ProcessExecutor(1)) as executor:
        executor.open(LoadThatKills(tmp_path / "diary"), NUM_BLOCKS)
        with pytest.raises(ExecutorLost, match="a worker process ended by SIGKILL while it started"):
            list(executor.map(dot, PRICES))
    assert len((tmp_path / "diary").read_text().splitlines()) == 3
