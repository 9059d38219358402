"""From a history to a calibrated forecast: models rolled through the past, and the best of each group."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from meio.demand.censoring import unconstrain
from meio.demand.choice import choose, chosen_models, combined
from meio.demand.conformal import calibrate, calibrate_next
from meio.demand.groups import demand_groups
from meio.demand.history import History
from meio.demand.joint import past_ranks
from meio.demand.models import MODELS, model_named
from meio.demand.models.protocol import DemandModel
from meio.demand.rolling import RollingForecasts, roll
from meio.demand.score_table import score_table
from meio.demand.spans import QuantileForecast, Span
from meio.demand.stocking import StockingCost
from meio.demand.trials import most_tried, tried_series
from meio.network.compiled import Floats, Ints

AUTO = ("seasonal_naive", "smoothing", "boosted", "forest")
"""Models that are compared where none is named, the simplest first."""

_FEWEST_PERIODS = 4
_ORIGINS_BEYOND_HORIZON = 8
_ORIGINS_PER_FIT = 8

_NEEDS = {"smoothing": "statsforecast", "boosted": "lightgbm", "forest": "quantile_forest", "neural": "torch"}

Progress = Callable[[str, int, int], None]


class ModelNameError(ValueError):
    """A model that is not known, or not installed."""


class WindowError(ValueError):
    """A planning window that is not within the horizon."""


@dataclass(frozen=True, eq=False)
class DemandForecast:
    """A forecast, and what its models' past forecasts were worth.

    Attributes
    ----------
    forecast : QuantileForecast
        Calibrated; each group's by its own model.
    window : Span
        The planning window.
    groups : array [series]
        Name of each series' group.
    models : mapping of str to str
        Model of each group; empty when the history is too short to try models on: then all series are forecast by the
        first.
    scores : DataFrame
        As `score_table`, of every model before and after calibration, and of the chosen ones together; empty when the
        history is too short to try models on.
    choice : DataFrame
        As `choose`; empty likewise.
    ranks : array [origin, series, period of the window]
        Of past outcomes among the chosen forecasts, for `sample_paths`; NaN for series that models were not tried on;
        without origins likewise.
    notes : tuple of str
        Where models were tried on less than the whole history.
    """

    forecast: QuantileForecast
    window: Span
    groups: NDArray[np.str_]
    models: Mapping[str, str]
    scores: pd.DataFrame
    choice: pd.DataFrame
    ranks: Floats
    notes: tuple[str, ...] = ()


def forecast_demand(
    history: History,
    horizon: int,
    windows: Sequence[int],
    *,
    models: Sequence[str] = AUTO,
    seed: int = 0,
    workers: int | None = None,
    progress: Progress | None = None,
) -> DemandForecast:
    """Forecast every period of a horizon, and the totals of planning windows.

    Parameters
    ----------
    history : History
        Sales where a product was out of stock are completed to demand (`unconstrain`), at each origin from what was
        known there; they are no outcomes to judge a forecast by. Models are tried on some of very many series
        (`tried_series`).
    horizon : int
        Periods ahead.
    windows : sequence of int
        Lead time and review together, in periods, each at most the horizon; models are chosen by what stock would have
        cost over the longest.
    models : sequence of str
        Names, the simplest first.
    seed : int
    workers : int, optional
        Threads; none: one a core. The forecast does not depend on it.
    progress : Progress, optional
        Told the step, how much is done and how much there is.
    """
    spans, origins = spans_of(horizon, windows), trial_origins(history, horizon)
    groups = demand_groups(history.until(int(origins[0])) if origins.size else history)
    window, made = Span(1, max(windows)), _Maker(spans, seed, workers, progress)
    if not origins.size:
        forecast = made.next(history, dict.fromkeys(map(str, np.unique(groups)), models[0]), groups)
        unknown = np.empty((0, history.num_series, window.length))
        note = f"fewer than {_FEWEST_PERIODS} periods: no model is tried, {models[0]} forecasts all, uncalibrated"
        return DemandForecast(forecast, window, groups, {}, pd.DataFrame(), pd.DataFrame(), unknown, (note,))
    tried = tried_series(history, groups, most_tried(len(origins), len(spans)), seed)
    part, own = history.of(tried), groups[tried]
    raw = {name: made.past(part, name, origins) for name in models}
    past = {name: calibrate(forecasts, own) for name, forecasts in raw.items()}
    choice = choose(past, own, StockingCost(window))
    chosen = chosen_models(choice)
    best = combined(past, own, chosen)
    forecast = calibrate_next(made.next(history, chosen, groups), combined(raw, own, chosen), groups, tried)
    scores = pd.concat(
        [
            *(score_table(forecasts, own, calibrated=False) for forecasts in raw.values()),
            *(score_table(forecasts, own, calibrated=True) for forecasts in [*past.values(), best]),
        ]
    )
    ranks = np.full((len(origins), history.num_series, window.length), np.nan)
    ranks[:, tried] = past_ranks(best, window, seed)
    some = len(tried) < history.num_series
    notes = [f"models tried on {len(tried):,} of {history.num_series:,} series, drawn at random"] if some else []
    return DemandForecast(forecast, window, groups, chosen, scores, choice, ranks, tuple(notes))


def models_named(names: Sequence[str]) -> tuple[str, ...]:
    """Return the models that are meant; ``auto`` stands for all that are installed, but for the neural one.

    Raises
    ------
    ModelNameError
        If there is no such model, or what it needs is not installed.
    """
    wanted = [model for name in names for model in (AUTO if name == "auto" else (name,))]
    for name in wanted:
        if name not in MODELS:
            raise ModelNameError(f"--model: found '{name}', expected auto or one of {', '.join(MODELS)}")
    missing = {name: needed for name in wanted if (needed := _NEEDS.get(name)) and find_spec(needed) is None}
    if named := [name for name in names if name in missing]:
        raise ModelNameError(f"model {named[0]} needs {missing[named[0]]}, which is not installed: meio[forecast]")
    return tuple(dict.fromkeys(name for name in wanted if name not in missing))


def spans_of(horizon: int, windows: Sequence[int]) -> tuple[Span, ...]:
    """Return the single periods of a horizon, then the windows.

    Raises
    ------
    WindowError
        If a window is longer than the horizon.
    """
    if max(windows) > horizon or min(windows) < 1:
        raise WindowError(
            f"windows: found {list(windows)}, expected numbers of periods from 1 to the horizon, {horizon}"
        )
    singles = [Span(period, period) for period in range(1, horizon + 1)]
    return tuple(dict.fromkeys([*singles, *(Span(1, last) for last in windows)]))


def trial_origins(history: History, horizon: int) -> Ints:
    """Return the origins at which models are tried: the last ones, so many that some know the end of every span.

    At least half of the history is known at each; there are none where the history has less than four periods.
    """
    num_periods = history.num_periods
    count = min(num_periods // 2, horizon + _ORIGINS_BEYOND_HORIZON) if num_periods >= _FEWEST_PERIODS else 0
    return np.arange(num_periods - count, num_periods)


@dataclass(frozen=True)
class _Maker:
    """Makes models forecast."""

    spans: tuple[Span, ...]
    seed: int
    workers: int | None
    progress: Progress | None

    def past(self, history: History, name: str, origins: Ints) -> RollingForecasts:
        """Forecasts of a model at past origins."""
        self._tell(f"try {name}")
        return roll(self._model(name), history, self.spans, origins, _ORIGINS_PER_FIT)

    def next(self, history: History, models: Mapping[str, str], groups: NDArray[np.str_]) -> QuantileForecast:
        """Forecast what follows the history, each group by its model."""
        forecasts = {}
        for name in dict.fromkeys(models.values()):
            self._tell(f"forecast with {name}")
            model = self._model(name)
            model.fit(history, self.spans)
            forecasts[name] = model.predict(history)
        first, *_ = forecasts.values()
        quantile = first.quantile.copy()
        for group, name in models.items():
            quantile[groups == group] = forecasts[name].quantile[groups == group]
        return replace(first, quantile=quantile)

    def _model(self, name: str) -> DemandModel:
        return _OfDemand(model_named(name, self.seed, self.workers or os.cpu_count() or 1), self.seed)

    def _tell(self, step: str) -> None:
        if self.progress:
            self.progress(step, 0, 1)


class _OfDemand:
    """A model that learns from demand where the history has sales."""

    def __init__(self, model: DemandModel, seed: int) -> None:
        self.name, self._model, self._seed = model.name, model, seed

    def fit(self, history: History, spans: tuple[Span, ...]) -> None:
        self._model.fit(unconstrain(history, seed=self._seed), spans)

    def predict(self, history: History) -> QuantileForecast:
        return self._model.predict(unconstrain(history, seed=self._seed))
