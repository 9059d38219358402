"""A history made into a forecast folder, and with a scenario into a plan and its simulation."""

from __future__ import annotations

import json
import math
import shlex
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal, NamedTuple

import pandas as pd

from meio.demand.folder import write_forecast
from meio.demand.forecasting import AUTO, DemandForecast, forecast_demand, spans_of
from meio.demand.history import History
from meio.demand.history_read import read_history
from meio.demand.joint import sample_paths
from meio.folder import FACTS, FORECAST, check_destination, files_in, replaced
from meio.network.distributions import lead_time_moments
from meio.network.forecast_folder import FORECAST_FACTS
from meio.network.merge import read_merged
from meio.network.model import Horizon, Lane
from meio.network.problems import Problem, ScenarioError, problem_at
from meio.network.scenario import load_scenario
from meio.network.validation import valid_part
from meio.outcome import Outcome
from meio.output import REPORT, recorded_versions
from meio.workflow import Progress, run

Period = Literal["day", "week"]
PERIOD_DAYS = {"day": 1, "week": 7}
HORIZON = {"day": 28, "week": 13}
WINDOW = {"day": 14, "week": 4}


class Request(NamedTuple):
    """What is to be forecast.

    Attributes
    ----------
    period : str
        ``day`` or ``week``.
    horizon : int
        Periods.
    windows : tuple of int
        Lead time and review together, periods.
    end : str or None
        First day that is not read; none: the history's end.
    """

    period: Period
    horizon: int
    windows: tuple[int, ...]
    end: str | None = None


def request(period: Period, horizon: int | None = None, windows: Sequence[int] = ()) -> Request:
    """What is to be forecast, where nothing is given the usual: a season of weeks or four weeks of days.

    Raises
    ------
    WindowError
        When a window is longer than the horizon.
    """
    longest = horizon or max(HORIZON[period], *windows, 0)
    asked = tuple(windows) or (min(WINDOW[period], longest),)
    spans_of(longest, asked)
    return Request(period, longest, asked)


def request_of_scenario(path: Path, overrides: Sequence[str] = ()) -> Request:
    """What a scenario needs: its periods from its start, and the longest mean lead time and review of its lanes.

    Raises
    ------
    ScenarioError
        When its horizon or a lane is wrong, or its periods are neither days nor weeks.
    """
    problems: list[Problem] = []
    document = read_merged(path, overrides, {}, problems)
    horizon = valid_part(Horizon, document.nearest(("horizon",)).plain()) if document else None
    given = document.find(("lanes",)) if document else None
    lanes = [valid_part(Lane, lane.plain()) for _, lane in given.children()] if given else []
    if document is None or horizon is None or not lanes or None in lanes:
        raise ScenarioError(problems) if problems else _error_of(path, overrides)
    names = {days: name for name, days in PERIOD_DAYS.items()}
    if horizon.period_days not in names:
        place = document.nearest(("horizon", "period_days")).place
        found = f"{horizon.period_days} days"
        raise ScenarioError([problem_at(place, "horizon.period_days", found, "1 or 7: forecasts are by day or week")])
    days = max(lead_time_moments(lane.lead_time).mean + lane.review.every for lane in lanes if lane)
    window = min(max(1, math.ceil(days / horizon.period_days)), horizon.periods)
    period: Period = "day" if horizon.period_days == 1 else "week"
    return Request(period, horizon.periods, (window,), str(horizon.start))


def _error_of(path: Path, overrides: Sequence[str]) -> Exception:
    """What is wrong with a scenario that lacks its horizon or lanes."""
    try:
        load_scenario(path, overrides)
    except ScenarioError as error:
        return error
    raise AssertionError("a scenario without a horizon or lanes was read")  # pragma: no cover


def forecast(
    source: Path | str,
    folder: Path | str,
    asked: Request,
    *,
    products: Path | str | None = None,
    models: Sequence[str] = AUTO,
    paths: int = 0,
    seed: int = 0,
    workers: int | None = None,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Forecast a history and write the forecast folder.

    Parameters
    ----------
    source : path
        Table of what was ordered (`read_history`).
    folder : path
        Where to write; an earlier forecast there is replaced.
    asked : Request
    products : path, optional
        Table of the products' attributes.
    models : sequence of str
        To choose from, group by group.
    paths : int
        Sample paths of each series over the longest window, written when above 0.
    seed : int
    workers : int, optional
        Threads; none: one a core.
    progress : Progress, optional

    Returns
    -------
    dict of str to Any
        What was done, as ``forecast.json`` says it.

    Raises
    ------
    ScenarioError
        With everything that is wrong with the tables.
    OutputError
        When the folder cannot be written, or holds something else.
    """
    folder = Path(folder)
    check_destination(folder, kind=FORECAST)
    history = read_history(source, products, period=asked.period, end=asked.end)
    made = forecast_demand(
        history, asked.horizon, asked.windows, models=models, seed=seed, workers=workers, progress=progress
    )
    with replaced(folder, kind=FORECAST) as draft:
        return _write(draft, history, made, list(models), paths, seed)


def forecast_and_run(
    source: Path | str,
    scenario: Path | str,
    folder: Path | str,
    *,
    overrides: Sequence[str] = (),
    seed: int = 0,
    workers: int | None = None,
    progress: Progress | None = None,
    **more: Any,
) -> tuple[dict[str, Any], Outcome]:
    """Forecast what a scenario needs from what was known before its start, then plan and simulate it.

    The folder gets ``forecast`` and ``run``: a forecast folder, and the output folder of the run. Further parameters
    are those of `forecast`; errors those of both.
    """
    folder, scenario = Path(folder), Path(scenario)
    check_destination(folder / "run")
    asked = request_of_scenario(scenario, overrides)
    facts = forecast(source, folder / "forecast", asked, seed=seed, workers=workers, progress=progress, **more)
    taken = ["zone_mix", "speed_mix"] if "zone" in facts["columns"] else []
    none = [f"demand.{name}=null" for name in ("whole", "products", *taken)]
    changed = [*overrides, *none, f"demand.forecast={json.dumps(str((folder / 'forecast').resolve()))}"]
    return facts, run(scenario, folder / "run", overrides=changed, seed=seed, workers=workers, progress=progress)


def _write(
    draft: Path, history: History, made: DemandForecast, tried: list[str], paths: int, seed: int
) -> dict[str, Any]:
    """Write everything of a forecast folder."""
    more = {
        "history": {"start": str(history.start.date()), "end": str(history.end.date()), "periods": history.num_periods},
        "models": dict(made.models) or {"every group": tried[0]},
        "notes": [*history.notes, *made.notes],
        "seed": seed,
    }
    write_forecast(draft, made.forecast, made.window, more)
    if not made.scores.empty:
        made.scores.to_parquet(draft / "scores.parquet", index=False)
        made.choice.to_parquet(draft / "choice.parquet", index=False)
    if paths:
        _paths(made, paths, seed).to_parquet(draft / "paths.parquet", index=False)
    report = not made.scores.empty and find_spec("plotly") is not None
    facts: dict[str, Any] = {
        FORECAST: {"start": str(made.forecast.start.date())},
        "currency": "",
        "versions": recorded_versions(),
        "seed": seed,
        "command": shlex.join([Path(sys.argv[0]).name, *sys.argv[1:]]),
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        "files": sorted([*files_in(draft), FACTS, *([REPORT] if report else [])]),
    }
    (draft / FACTS).write_text(json.dumps(facts, indent=2) + "\n", "utf-8")
    if report:
        from meio.report.forecast_contents import forecast_html

        (draft / REPORT).write_text(forecast_html("Demand forecast", made.scores, facts, made.choice), "utf-8")
    return dict(json.loads((draft / FORECAST_FACTS).read_text("utf-8")))


def _paths(made: DemandForecast, count: int, seed: int) -> pd.DataFrame:
    """Sample paths as a table: a row a series, path and period."""
    units = sample_paths(made.forecast, made.window, made.ranks, made.groups, count, seed)
    rows = made.forecast.series.loc[made.forecast.series.index.repeat(units[0].size)].reset_index(drop=True)
    index = pd.MultiIndex.from_product([range(1, count + 1), range(1, made.window.last + 1)], names=["path", "period"])
    numbers = index.to_frame(index=False)
    repeated = pd.concat([numbers] * len(units), ignore_index=True)
    return pd.concat([rows, repeated], axis=1).assign(units=units.ravel())
