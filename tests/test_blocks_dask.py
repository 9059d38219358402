"""On a Dask cluster, the death of a worker changes nothing, and that of the scheduler is noticed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from block_cases import (
    NUM_BLOCKS,
    PRICES,
    Load,
    assert_same,
    dot,
    dot_first_late,
    dot_killed_always,
    dot_killed_once,
    expected,
    process,
)

from meio.blocks.executors import dask_cluster
from meio.blocks.executors.dask import DaskExecutor
from meio.blocks.executors.protocol import BlockFailure, ExecutorLost, ExecutorUnavailable

pytest.importorskip("distributed")


@pytest.fixture(scope="module")
def local() -> Iterator[DaskExecutor]:
    executor = DaskExecutor(workers=2)
    yield executor
    executor.close()


def test_killed_worker_changes_nothing(local: DaskExecutor, tmp_path: Path):
    local.open(Load(tmp_path / "diary"), NUM_BLOCKS)
    assert_same(list(local.map(dot_killed_once, tmp_path / "marker")), expected())
    assert (tmp_path / "marker").exists()
    assert_same(list(local.map(dot, PRICES)), expected())


def test_block_that_kills_its_worker_is_reported(local: DaskExecutor, tmp_path: Path):
    local.open(Load(tmp_path / "diary"), NUM_BLOCKS)
    answers = list(local.map(dot_killed_always, 4))
    failure = answers.pop(4)
    assert answers == [index for index in range(NUM_BLOCKS) if index != 4]
    assert isinstance(failure, BlockFailure)
    assert failure.index == 4
    assert failure.error.startswith("KilledWorker: ")


def test_workers_have_one_thread(local: DaskExecutor, tmp_path: Path):
    local.open(Load(tmp_path / "diary"), NUM_BLOCKS)
    assert {threads for _, threads in local.map(process, None)} == {"1"}


def test_round_left_in_the_middle_disturbs_no_other(local: DaskExecutor, tmp_path: Path):
    local.open(Load(tmp_path / "diary"), NUM_BLOCKS)
    answers = local.map(dot_first_late, PRICES)
    np.testing.assert_equal(next(answers), expected()[0])
    answers.close()
    assert_same(list(local.map(dot, PRICES)), expected())


def dask(*arguments: str) -> subprocess.Popen[bytes]:
    """Start a part of a cluster as a user would."""
    return subprocess.Popen(
        [sys.executable, "-m", "dask", *arguments],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


class Cluster(NamedTuple):
    """A scheduler with one worker, nobody to replace it, and its address."""

    scheduler: subprocess.Popen[bytes]
    worker: subprocess.Popen[bytes]
    address: str


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    found = tmp_path / "scheduler.json"
    scheduler = dask("scheduler", "--port", "0", "--no-dashboard", "--scheduler-file", str(found))
    worker = dask("worker", "--nthreads", "1", "--no-nanny", "--no-dashboard", "--scheduler-file", str(found))
    yield Cluster(scheduler, worker, address_in(found))
    for part in (scheduler, worker):
        part.kill()
        part.wait()


def address_in(file: Path) -> str:
    """The scheduler's address, once it has written it down."""
    end = time.monotonic() + 20
    while time.monotonic() < end:
        with suppress(FileNotFoundError, ValueError):  # not there, or half written
            return str(json.loads(file.read_text())["address"])
        time.sleep(0.05)
    raise TimeoutError(file)


def test_lost_scheduler_is_noticed(cluster: Cluster, tmp_path: Path):
    with closing(DaskExecutor(cluster.address)) as executor:
        executor.open(Load(tmp_path / "diary"), NUM_BLOCKS)
        assert_same(list(executor.map(dot, PRICES)), expected())
        answers = executor.map(dot_first_late, PRICES)
        next(answers)
        cluster.scheduler.kill()
        began = time.monotonic()
        with pytest.raises(ExecutorLost, match="scheduler does not answer any more"):
            list(answers)
        assert time.monotonic() - began < 5
    assert time.monotonic() - began < 10


def test_lost_workers_are_waited_for_only_so_long(cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    with closing(DaskExecutor(cluster.address)) as executor:
        executor.open(Load(tmp_path / "diary"), NUM_BLOCKS)
        monkeypatch.setattr(dask_cluster, "WORKER_SECONDS", 0.5)
        answers = executor.map(dot_first_late, PRICES)
        next(answers)
        cluster.worker.kill()
        with pytest.raises(ExecutorLost, match="the Dask cluster has had no worker for"):
            list(answers)
        executor.close()
        with pytest.raises(ExecutorUnavailable, match=f"at {cluster.address} has no worker"):
            executor.open(Load(tmp_path / "diary"), NUM_BLOCKS)


def test_nobody_at_the_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(dask_cluster, "CONNECT_SECONDS", 0.5)
    with (
        closing(DaskExecutor("tcp://127.0.0.1:9")) as executor,
        pytest.raises(ExecutorUnavailable, match="no Dask scheduler answers at tcp://127"),
    ):
        executor.open(Load(tmp_path / "diary"), NUM_BLOCKS)


def test_dask_is_not_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ExecutorUnavailable, match=r"pip install 'meio\[dask\]'"):
        DaskExecutor(workers=1).open(Load(tmp_path / "diary"), NUM_BLOCKS)
