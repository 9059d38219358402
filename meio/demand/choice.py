"""Which model forecasts which group: the one that did best there, by quantile loss and by what its stock would cost."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from meio.demand.rolling import RollingForecasts
from meio.demand.scores import quantile_loss
from meio.network.compiled import Floats

CostOf = Callable[[str, RollingForecasts], float]
"""Money that a group's stock would have cost if it had been planned with these forecasts, of its series alone."""


def choose(
    forecasts: Mapping[str, RollingForecasts], groups: NDArray[np.str_], cost_of: CostOf | None = None
) -> pd.DataFrame:
    """Compare models group by group.

    Parameters
    ----------
    forecasts : mapping of str to RollingForecasts
        By name of the model, of the same series, spans and origins; put the simplest first, it wins a tie.
    groups : array [series]
        Name of each series' group.
    cost_of : callable, optional
        Called once for each group and model.

    Returns
    -------
    DataFrame
        Columns group, model, money_loss (quantile loss × value, mean over the outcomes known to all models), cost (what
        `cost_of` returned; missing without it), best_by_loss and best_by_cost: one model a group is the best by each.
        Without `cost_of`, none is the best by cost.
    """
    rows = []
    for group in np.unique(groups):
        of_group = {name: forecast.of(groups == group) for name, forecast in forecasts.items()}
        loss = _money_loss(of_group)
        cost = {name: np.nan if cost_of is None else cost_of(str(group), own) for name, own in of_group.items()}
        rows += [
            {
                "group": str(group),
                "model": name,
                "money_loss": loss[name],
                "cost": cost[name],
                "best_by_loss": name == min(loss, key=loss.__getitem__),
                "best_by_cost": cost_of is not None and name == min(cost, key=cost.__getitem__),
            }
            for name in of_group
        ]
    return pd.DataFrame(rows)


def chosen_models(choice: pd.DataFrame) -> dict[str, str]:
    """Return the model of each group: the best by cost where costs are known, else by loss."""
    best = choice[choice["best_by_cost"] if choice["best_by_cost"].any() else choice["best_by_loss"]]
    return dict(zip(best["group"], best["model"], strict=True))


def combined(
    forecasts: Mapping[str, RollingForecasts], groups: NDArray[np.str_], models: Mapping[str, str]
) -> RollingForecasts:
    """Return forecasts in which each group's are those of its model."""
    first = next(iter(forecasts.values()))
    quantile = first.quantile.copy()
    for group, model in models.items():
        quantile[:, groups == group] = forecasts[model].quantile[:, groups == group]
    return replace(first, model="chosen", quantile=quantile)


def _money_loss(forecasts: Mapping[str, RollingForecasts]) -> dict[str, float]:
    """Mean money loss of each model; NaN when nothing is known."""
    losses = {name: _series_loss(own) for name, own in forecasts.items()}
    known = np.logical_and.reduce([np.isfinite(loss) for loss in losses.values()])
    return {name: float(loss[known].mean()) if known.any() else np.nan for name, loss in losses.items()}


def _series_loss(forecast: RollingForecasts) -> Floats:
    return quantile_loss(forecast.quantile, forecast.demand) * forecast.value[:, None]
