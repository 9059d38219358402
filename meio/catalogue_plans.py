"""A catalogue planned from end to end: read in blocks, planned where the user says, written, and resumed."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq

from meio.blocks.executors.choice import named_executor
from meio.blocks.journal import Journal
from meio.blocks.plan import CataloguePlan, plan_in_blocks
from meio.blocks.settling import TABLES
from meio.blocks.work import work_folder
from meio.folder import check_destination
from meio.network.catalogue import Catalogue, open_catalogue
from meio.outcome import Outcome
from meio.output import write_parts
from meio.workflow import Progress, timed


def plan_catalogue(
    path: Path | str,
    folder: Path | str,
    *,
    overrides: Sequence[str] = (),
    executor: str = "serial",
    resume: bool = False,
    workers: int | None = None,
    progress: Progress | None = None,
) -> Outcome:
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

    Returns
    -------
    Outcome
        Of the network with one product; prices, use, cost and gap are those of the whole catalogue.

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
    folder, timings = Path(folder), {}
    check_destination(folder)
    workers = workers or os.cpu_count() or 1
    with timed("read", timings):
        catalogue = open_catalogue(Path(path), overrides)
    place, threads = named_executor(executor, workers)
    with work_folder(folder, _identity(catalogue, overrides), resume=resume) as work:
        try:
            with timed("plan", timings):
                made = plan_in_blocks(
                    catalogue,
                    place,
                    work.parts,
                    journal=Journal(work.checkpoint),
                    workers=workers,
                    threads=threads,
                    progress=progress,
                )
        finally:
            place.close()
        outcome = _outcome(Path(path), overrides, catalogue, made, timings)
        parts = [work.parts / f"{name}.parquet" for name in TABLES]
        write_parts(folder, outcome, catalogue.num_products, parts, lost_products(catalogue, made))
        work.finished()
    return outcome


def lost_products(catalogue: Catalogue, made: CataloguePlan) -> pd.DataFrame:
    """Products of the blocks that could not be planned.

    Returns
    -------
    DataFrame
        Columns block (from 0), first_product and last_product (positions in the table of products, from 1), error.
    """
    rows = [(index, catalogue.blocks[index], error) for index, error in made.lost.items()]
    return pd.DataFrame(
        [(index, block.first_product + 1, block.first_product + block.num_products, error) for index, block, error in rows],
        columns=["block", "first_product", "last_product", "error"],
    )
