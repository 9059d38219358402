"""A catalogue planned from end to end: read in blocks, planned where the user says, written, and resumed."""

from __future__ import annotations

import os
import shutil
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.compute as pc

from meio.blocks.checkpoint import Checkpoint
from meio.blocks.executors.choice import named_executor
from meio.blocks.journal import Journal
from meio.blocks.plan import CataloguePlan, plan_in_blocks
from meio.blocks.settling import TABLES, parts_of
from meio.blocks.work_folder import only_run
from meio.folder import OutputError, check_destination, read_facts
from meio.network.catalogue import PRODUCTS_PER_BLOCK, Catalogue, open_catalogue
from meio.network.compile import compile_scenario
from meio.outcome import Outcome
from meio.output import read_plan, write_parts
from meio.workflow import Progress, timed


@dataclass(frozen=True, eq=False)
class PlannedCatalogue:
    """What planning a catalogue found.

    Attributes
    ----------
    outcome : Outcome
        Of the network with one product; prices, use, cost and gap are those of the whole catalogue.
    summary : dict
        As in ``summary.json``.
    lost : DataFrame
        As `lost_blocks` says.
    """

    outcome: Outcome
    summary: dict[str, Any]
    lost: pd.DataFrame

    @property
    def lost_text(self) -> str:
        """Which products are not in the plan, and why; a line a block."""
        lines = [
            f"not planned: products {row.first_product:,} to {row.last_product:,} of the table: {row.error}"
            for row in self.lost.itertuples(index=False)
        ]
        return "\n".join([*lines, "the plan of all others is written; mend these and plan again"])


def plan_catalogue(
    path: Path | str,
    folder: Path | str,
    *,
    overrides: Sequence[str] = (),
    executor: str = "serial",
    resume: bool = False,
    workers: int | None = None,
    progress: Progress | None = None,
) -> PlannedCatalogue:
    """Plan a catalogue and write an output folder; its targets and orders are folders of Parquet files.

    Parameters
    ----------
    path : path
        The scenario's YAML file; its table of products is Parquet.
    folder : path
        Where to write. Until then, what was done is kept beside it, and a later run can go on from there.
    overrides : sequence of str
        ``path=value``; they win over the file.
    executor : str
        Where blocks are worked on, one of `meio.blocks.executors.choice.NAMES`; the plan does not depend on it.
    resume : bool
        Whether to go on where an earlier run for this folder stopped.
    workers : int, optional
        Threads or processes; none: one a core.
    progress : Progress, optional
        Who is told how far it is.

    Raises
    ------
    ScenarioError
        With every problem that can be seen before planning.
    OutputError
        When the folder cannot be written, or holds something else.
    ExecutorError
        When there is nobody to do the work, or nobody any more.
    CheckpointError
        When what is kept cannot be gone on from.
    BlocksLostError
        When no block could be planned.
    """
    folder = Path(folder)
    timings: dict[str, float] = {}
    check_destination(folder)
    workers = workers or os.cpu_count() or 1
    place, threads = named_executor(executor, workers)
    with _work_folder(folder, resume=resume) as work:
        with timed("read", timings):
            catalogue = open_catalogue(Path(path), overrides, products_per_block=PRODUCTS_PER_BLOCK)
        journal = Journal(Checkpoint(work / "rounds", _identity(catalogue, overrides)))
        with timed("plan", timings):
            try:
                made = plan_in_blocks(
                    catalogue, place, work, journal=journal, workers=workers, threads=threads, progress=progress
                )
            finally:
                place.close()
        outcome = Outcome(Path(path), tuple(overrides), made.scenario, made.network, made.plan, timings)
        parts = [work / f"{name}.parquet" for name in TABLES]
        lost = lost_blocks(catalogue, made)
        summary = write_parts(folder, outcome, catalogue.num_products, parts, lost)
    return PlannedCatalogue(outcome, summary, lost)


def is_catalogue_plan(folder: Path) -> bool:
    """Whether an output folder holds a plan made in blocks."""
    return (folder / f"{TABLES[0]}.parquet").is_dir()


def reopened_block(folder: Path | str, product: str) -> Outcome:
    """Take up the block of a plan that holds a product, with the catalogue that it was made for.

    Raises
    ------
    ScenarioError
        With every problem of the catalogue, or of the block.
    OutputError
        When the folder holds no plan, that of another scenario, or nothing of the block, or there is no such product.
    """
    folder = Path(folder)
    scenario = read_facts(folder)["scenario"]
    path, overrides = folder / scenario["path"], scenario["overrides"]
    catalogue = open_catalogue(path, overrides, products_per_block=PRODUCTS_PER_BLOCK)
    index = block_of(catalogue, product)
    block = catalogue.block(index)
    compiled = compile_scenario(block)
    plan = read_plan(folder, compiled, parts_of(folder, index)[0])
    return Outcome(path, tuple(overrides), block, compiled, plan, {})


def block_of(catalogue: Catalogue, product: str) -> int:
    """Return which block holds a product.

    Raises
    ------
    OutputError
        When none does.
    """
    first = 0
    for names in catalogue.by_rows["products"].rows.texts("product"):
        place = pc.index(names, product).as_py()
        if place >= 0:
            ends = [block.first_product + block.num_products for block in catalogue.blocks]
            return bisect_right(ends, first + place)
        first += len(names)
    raise OutputError(f"product '{product}' is not in the scenario")


@contextmanager
def _work_folder(folder: Path, *, resume: bool) -> Iterator[Path]:
    """Lend a folder beside the output, that of an earlier run if it is resumed; it goes when all went well."""
    place = folder.resolve()
    work = place.with_name(f".{place.name}.work")
    with only_run(work):
        if not resume:
            for earlier in ("rounds", *(f"{name}.parquet" for name in TABLES)):
                shutil.rmtree(work / earlier, ignore_errors=True)
        yield work
        shutil.rmtree(work, ignore_errors=True)


def _identity(catalogue: Catalogue, overrides: Sequence[str]) -> dict[str, str]:
    """What a run must have in common with the one that it goes on from."""
    planning = catalogue.file.planning.model_dump_json()
    settings = sha256("\n".join([planning, *overrides]).encode()).hexdigest()
    blocks = ",".join(str(block.first_product) for block in catalogue.blocks)
    return {
        "blocks": sha256(blocks.encode()).hexdigest(),
        "scenario": catalogue.hash,
        "settings": settings,
        "meio": version("meio"),
    }


def lost_blocks(catalogue: Catalogue, made: CataloguePlan) -> pd.DataFrame:
    """Products of the blocks that could not be planned.

    Returns
    -------
    DataFrame
        Columns block (from 0), first_product and last_product (rows in the table of products, from 1), error.
    """
    rows = [(catalogue.blocks[index], error) for index, error in made.lost.items()]
    return pd.DataFrame(
        [(block.index, block.first_product + 1, block.first_product + block.num_products, why) for block, why in rows],
        columns=["block", "first_product", "last_product", "error"],
    )
