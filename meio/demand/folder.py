"""A forecast on disk: quantiles for people and programs, and the demand table of a scenario."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from meio.demand.moments import demand_table, single_periods
from meio.demand.spans import PROBABILITIES, QuantileForecast, Span
from meio.network.forecast_folder import FORECAST_DEMAND, FORECAST_FACTS
from meio.network.problems import Place, ScenarioError, problem_at

QUANTILES = "forecast.parquet"


def write_forecast(folder: Path, forecast: QuantileForecast, window: Span, more: dict[str, Any] | None = None) -> None:
    """Write the quantiles, the demand table of scenarios, and the facts of a forecast.

    Parameters
    ----------
    folder : Path
        Which exists.
    forecast : QuantileForecast
        Of single periods from the first on, and of the window.
    window : Span
        Whose total the demand table keeps (`demand_table`).
    more : dict of str to Any, optional
        Further facts, such as the model and the notes of the history.
    """
    tidy_quantiles(forecast).to_parquet(folder / QUANTILES, index=False)
    demand_table(forecast, window).to_parquet(folder / FORECAST_DEMAND, index=False)
    facts = {
        "start": str(forecast.start.date()),
        "period_days": forecast.period_days,
        "periods": single_periods(forecast.spans),
        "window": window.last,
        "columns": list(forecast.series.columns),
        "series": len(forecast.series),
        "spans": [list(span) for span in forecast.spans],
        "probabilities": list(PROBABILITIES),
    }
    (folder / FORECAST_FACTS).write_text(json.dumps(facts | (more or {}), indent=2) + "\n", "utf-8")


def tidy_quantiles(forecast: QuantileForecast) -> pd.DataFrame:
    """A row a series, span and probability: the columns of the series, ``first``, ``last``, ``probability``, ``units``.

    ``first`` and ``last`` are periods, from 1; ``units`` is the total demand from the one to the other.
    """
    num_series, num_spans, num_levels = forecast.quantile.shape
    rows = forecast.series.loc[forecast.series.index.repeat(num_spans * num_levels)].reset_index(drop=True)
    first, last = np.array(forecast.spans).T
    return rows.assign(
        first=np.tile(first.repeat(num_levels), num_series),
        last=np.tile(last.repeat(num_levels), num_series),
        probability=np.tile(PROBABILITIES, num_series * num_spans),
        units=forecast.quantile.ravel(),
    )


def read_forecast(folder: Path) -> QuantileForecast:
    """Read the quantiles of a folder that `write_forecast` wrote.

    Raises
    ------
    ScenarioError
        When the folder does not hold a forecast, or a damaged one.
    """
    try:
        facts = json.loads((folder / FORECAST_FACTS).read_text("utf-8"))
        spans = tuple(Span(*span) for span in facts["spans"])
        shape = (facts["series"], len(spans), len(facts["probabilities"]))
        table = pd.read_parquet(folder / QUANTILES)
        quantile = table["units"].to_numpy(np.float64).reshape(shape)
        series = table[facts["columns"]].iloc[:: shape[1] * shape[2]].reset_index(drop=True)
    except (OSError, ValueError, KeyError, TypeError) as error:
        found = f"no forecast, or a damaged one ({error})"
        expected = "a folder that `meio forecast` wrote"
        raise ScenarioError([problem_at(Place(str(folder / FORECAST_FACTS)), "forecast", found, expected)]) from None
    return QuantileForecast(series, pd.Timestamp(facts["start"]), facts["period_days"], spans, quantile)
