"""Scores of rolling forecasts as one table: a row for each group and span, from which others are means."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from meio.demand.rolling import RollingForecasts
from meio.demand.scores import LEVELS, covered, crps, inside, levels_of_demand, mean_demand, quantile_loss, share_below
from meio.demand.spans import PROBABILITIES
from meio.network.compiled import Floats

COVERAGES = (0.8, 0.95)
MEANS = (
    "mean_demand",
    "mean_forecast",
    "quantile_loss",
    "money_loss",
    "crps",
    *(f"covered_{coverage:.0%}" for coverage in COVERAGES),
    *(f"inside_{coverage:.0%}" for coverage in COVERAGES),
    *(f"below_{level:g}" for level in PROBABILITIES),
)
"""Columns that are means over the outcomes of a row."""


def score_table(forecasts: RollingForecasts, groups: NDArray[np.str_], *, calibrated: bool) -> pd.DataFrame:
    """Return the scores of a model.

    Parameters
    ----------
    forecasts : RollingForecasts
    groups : array [series]
        Name of each series' group.
    calibrated : bool
        Whether these are forecasts after `calibrate`: it becomes a column.

    Returns
    -------
    DataFrame
        Columns model, calibrated, group, first and last (the span's periods ahead), period_days, outcomes (how many are
        known), and means over them: mean_demand, mean_forecast, quantile_loss and crps (units), money_loss (quantile
        loss × value), ``covered_80%`` and ``covered_95%`` (share of the levels of demand inside the central interval),
        ``inside_80%`` and ``inside_95%`` (share of demands in the interval of whole units), ``below_0.01`` … (share of
        the levels of demand below each probability). Groups and spans without a known outcome are left out.
    """
    series_of = [(str(group), np.flatnonzero(groups == group)) for group in np.unique(groups)]
    rows: list[dict[str, Any]] = []
    for position, span in enumerate(forecasts.spans):
        demand = forecasts.demand[:, :, position]
        values = _values(forecasts.quantile[:, :, position], demand, forecasts.value)
        for group, own in series_of:
            known = np.isfinite(demand[:, own])
            if known.any():
                means = {name: value[:, own][known].mean() for name, value in values.items()}
                name = {"model": forecasts.model, "calibrated": calibrated, "group": group, **span._asdict()}
                rows.append({**name, "period_days": forecasts.period_days, "outcomes": int(known.sum()), **means})
    rows.sort(key=lambda row: str(row["group"]))
    return pd.DataFrame(rows)


def pooled(scores: pd.DataFrame, by: Sequence[str]) -> pd.DataFrame:
    """Return means over more outcomes: a row for each of the values of these columns, in the order they appear."""
    names = [name for name in MEANS if name in scores]
    sums = scores[names].mul(scores["outcomes"], axis=0).assign(outcomes=scores["outcomes"])
    total = sums.groupby([scores[name] for name in by], sort=False).sum()
    return total[names].div(total["outcomes"], axis=0).assign(outcomes=total["outcomes"]).reset_index()


def _values(quantile: Floats, demand: Floats, value: Floats) -> dict[str, Floats]:
    """Every score of a span, [origin, series], by the name of its column."""
    low, high = levels_of_demand(quantile, demand)
    loss = quantile_loss(quantile, demand)
    measures = [demand, mean_demand(quantile), loss, loss * value, crps(quantile, demand)]
    measures += [covered(low, high, coverage) for coverage in COVERAGES]
    measures += [inside(quantile, demand, coverage) for coverage in COVERAGES]
    measures += [share_below(low, high, level) for level in LEVELS]
    return dict(zip(MEANS, measures, strict=True))
