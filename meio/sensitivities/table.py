"""The worth of capacities as a table: `meio.sensitivity`, and its place in a plan's output folder."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from meio.folder import FACTS, DiskError, read_facts
from meio.network.compile import compile_scenario
from meio.network.model import Scenario
from meio.plans import Plan
from meio.sensitivities.capacity import Capacity
from meio.sensitivities.check import Terms, checked
from meio.sensitivities.kept import held
from meio.sensitivities.worth import PLACE, worth_table
from meio.summary import json_text

NAME = "sensitivity"
Progress = Callable[[str, int, int], None]


def sensitivity(
    scenario: Scenario,
    plan: Plan,
    *,
    check: int = 5,
    share: float = 0.05,
    replications: int | None = None,
    replans: int = 1,
    seed: int = 0,
    workers: int | None = None,
    progress: Progress | None = None,
) -> pd.DataFrame:
    """What one more m³, or unit a day, of each capacity is worth, and whether the prices hold.

    Parameters
    ----------
    scenario : Scenario
        The one that was planned.
    plan : Plan
        As `meio.plan` returns it.
    check : int
        How many of the most valuable capacities are planned again and simulated with less and more; 0: none.
    share : float
        Of a capacity, by which it is made less and more, above 0 and below 1.
    replications : int, optional
        Sample paths of each simulation, ≥ 2; none: as the scenario says.
    replans : int
        Times that each plan is made and simulated again, on other paths and orders. Of two or more, intervals hold the
        plans' own chance, too.
    seed : int
        Of the simulation's random streams; of the next replan, one more.
    workers : int, optional
        Threads; none: one a core. The table does not depend on it.
    progress : callable, optional
        Told the step, how much of it is done, and how much there is.

    Returns
    -------
    DataFrame
        As `meio.sensitivities.worth.worth_table` says, the most valuable first, ``share``, and in the rows of the whole
        horizon of those that were checked the columns of `meio.sensitivities.check.checked`; missing elsewhere.

    Raises
    ------
    ValueError
        When `share` is not above 0 and below 1.
    """
    if not 0.0 < share < 1.0:
        raise ValueError(f"share: found {share}, expected above 0 and below 1")
    compiled, file = compile_scenario(scenario), scenario.file
    count, policy = replications or file.simulation.replications, file.simulation.policy
    terms = Terms(file.planning, policy, count, replans, seed, workers)

    def told(step: str, total: int) -> Callable[[int], None]:
        return lambda done: progress(step, done, total) if progress is not None else None

    table = worth_table(plan, compiled, share).assign(share=share)
    if check == 0:
        return table
    priced = table["period"].isna() & (table["worth_of_share"] > 0.0)
    table = held(table, compiled, plan, check, terms, told("keep_targets", int(priced.sum())))
    valuable = table[table["period"].isna() & (table["worth_of_share"] > 0.0)].head(check)
    chosen = [Capacity(*row) for row in valuable[PLACE].itertuples(index=False)]
    tell = told("check_prices", 1 + 2 * len(chosen))
    if not chosen:
        return table
    changes = checked(compiled, plan, chosen, share, terms, tell).assign(_whole=True)
    return (
        table.assign(_whole=table["period"].isna())
        .merge(changes, on=[*PLACE, "_whole"], how="left")
        .drop(columns="_whole")
    )


def write_sensitivity(folder: Path, table: pd.DataFrame) -> None:
    """Write the table into a plan's output folder, as Parquet and CSV.

    Raises
    ------
    OutputError
        When the folder is not an output, or cannot be written.
    """
    facts = read_facts(folder)
    files = [f"{NAME}.parquet", f"{NAME}.csv"]
    try:
        facts["files"] = sorted({*facts["files"], *files})
        (folder / FACTS).write_text(json_text(facts) + "\n", "utf-8")
        table.to_parquet(folder / files[0], index=False)
        table.to_csv(folder / files[1], index=False)
    except OSError as error:
        raise DiskError(f"{folder} cannot be written: {error.strerror or error}") from error


def sensitivity_json(table: pd.DataFrame) -> str:
    """The table as JSON: a list of rows."""
    rows: str = table.to_json(orient="records", double_precision=15)
    return json.dumps(json.loads(rows), indent=2)
