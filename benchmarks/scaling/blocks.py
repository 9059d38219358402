"""What every block costs however few products it has: what travels, what the run keeps of it, and what it writes.

A small catalogue is planned in blocks of few products, so that there are many of them.
"""

from __future__ import annotations

import pickle
import time
import tracemalloc
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from meio.blocks.checkpoint import Checkpoint
from meio.blocks.executors.serial import SerialExecutor
from meio.blocks.plan import plan_in_blocks
from meio.blocks.sample import load_sample
from meio.network.catalogue import Catalogue, open_catalogue

PER_BLOCK = 10
ROUNDS = 10  # of each search: what travels does not depend on how well it ends
RECORDS = 400
SAMPLED_BLOCKS = 20


class Scales:
    """An executor that works here and weighs what would travel to and from a cluster, by task."""

    def __init__(self) -> None:
        self._inner = SerialExecutor()
        self._num_blocks = 0
        self.sent: dict[str, float] = {}
        self.naming: dict[str, float] = {}
        self.returned: dict[str, float] = {}

    def open(self, load: Callable[[int], Any], num_blocks: int) -> None:
        """As `Executor.open`."""
        self._num_blocks = num_blocks
        self._inner.open(load, num_blocks)

    def map(self, task: Callable[[Any, Any], Any], argument: Any) -> Iterator[Any]:
        """As `Executor.map`; keeps the bytes of a call, those of them that name blocks, and of an answer on average."""
        self.sent[task.__name__] = len(pickle.dumps((task, argument)))
        self.naming[task.__name__] = len(pickle.dumps(argument.blocks)) if hasattr(argument, "blocks") else 0
        self.returned[task.__name__] = 0.0
        for answer in self._inner.map(task, argument):
            self.returned[task.__name__] += len(pickle.dumps(answer)) / self._num_blocks
            yield answer

    def close(self) -> None:
        """As `Executor.close`."""
        self._inner.close()


def per_block(small: Path, full: Path) -> dict[str, Any]:
    """Figures of a block.

    Parameters
    ----------
    small, full : Path
        Scenarios: of some hundred products, to be planned in many blocks; and with blocks of the usual size.

    Returns
    -------
    dict
        By task, bytes: `sent_fixed`, what goes out with every call; `sent_per_block`, how much more for each block
        that there is; `returned`, what comes back. Of the checkpoint: `record_seconds` to keep a block that is done,
        and `record_seconds_per_record`, how much more for each record that there is. Of the search for prices, which
        reads some products of every block: `sample_seconds` and `sample_mb` of a full block of which one product is
        sampled.
    """
    catalogue, weighed = open_catalogue(small, products_per_block=PER_BLOCK), Scales()
    short = catalogue.file.planning.model_copy(update={"max_iterations": ROUNDS})
    with TemporaryDirectory() as folder:
        plan_in_blocks(catalogue, weighed, Path(folder), settings=short)
    return {
        "sent_fixed": {task: sent - weighed.naming[task] for task, sent in weighed.sent.items()},
        "sent_per_block": {task: named / len(catalogue.blocks) for task, named in weighed.naming.items()},
        "returned": weighed.returned,
        **_records(max(weighed.returned.values())),
        **_sampled(open_catalogue(full)),
    }


def _records(size: float) -> dict[str, float]:
    """Seconds to record a block that is settled: a line through many, one after another."""
    record, taken = {"use": np.zeros(int(size / 8))}, []
    with TemporaryDirectory() as folder:
        store = Checkpoint(Path(folder) / "rounds", {"of": "a benchmark"})
        for _ in range(RECORDS):
            began = time.perf_counter()
            store.append(record)
            taken.append(time.perf_counter() - began)
    grown, first = np.polyfit(np.arange(len(taken)), taken, 1)
    return {"record_seconds": max(float(first), 0.0), "record_seconds_per_record": max(float(grown), 0.0)}


def _sampled(catalogue: Catalogue) -> dict[str, float]:
    """CPU seconds and memory of one product of a block in the search for prices."""
    make = partial(load_sample, catalogue, 1, 1.0 / catalogue.num_products)
    make(0)
    began = time.process_time()
    for _ in range(SAMPLED_BLOCKS):
        make(0)
    seconds = time.process_time() - began
    tracemalloc.start()
    kept = make(0)
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    del kept
    return {"sample_seconds": seconds / SAMPLED_BLOCKS, "sample_mb": held / 1e6}
