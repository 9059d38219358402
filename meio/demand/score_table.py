"""Scores of rolling forecasts as one table: a row for each group and span, from which others are means."""

from __future__ import annotations

from collections.abc import Sequence

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
    values = _values(forecasts)
    rows = []
    for group in np.unique(groups):
        for position, span in enumerate(forecasts.spans):
            own = np.flatnonzero(groups == group)
            known = np.isfinite(forecasts.demand[:, own, position])
            if known.any():
                means = {name: value[:, own, position][known].mean() for name, value in values.items()}
                name = {"model": forecasts.model, "calibrated": calibrated, "group": group, **span._asdict()}
                rows.append({**name, "period_days": forecasts.period_days, "outcomes": int(known.sum()), **means})
    return pd.DataFrame(rows)


def pooled(scores: pd.DataFrame, by: Sequence[str]) -> pd.DataFrame:
    """Return means over more outcomes: a row for each of the values of these columns, in the order they appear."""
    names = [name for name in MEANS if name in scores]
    sums = scores[names].mul(scores["outcomes"], axis=0).assign(outcomes=scores["outcomes"])
    total = sums.groupby([scores[name] for name in by], sort=False).sum()
    return total[names].div(total["outcomes"], axis=0).assign(outcomes=total["outcomes"]).reset_index()


def _values(forecasts: RollingForecasts) -> dict[str, Floats]:
    """Every score, [origin, series, span], by the name of its column."""
    quantile, demand = forecasts.quantile, forecasts.demand
    low, high = levels_of_demand(quantile, demand)
    loss = quantile_loss(quantile, demand)
    measures = [demand, mean_demand(quantile), loss, loss * forecasts.value[:, None], crps(quantile, demand)]
    measures += [covered(low, high, coverage) for coverage in COVERAGES]
    measures += [inside(quantile, demand, coverage) for coverage in COVERAGES]
    measures += [share_below(low, high, level) for level in LEVELS]
    return dict(zip(MEANS, measures, strict=True))
