"""Histories that tests of demand models share."""

import numpy as np
import pandas as pd

from meio.demand.history import History
from meio.demand.spans import PROBABILITIES


def history_of(units, period_days=7, **given):
    """Series named P0, P1, …, always in stock."""
    units = np.asarray(units, dtype=float)
    empty = pd.DataFrame(index=range(len(units)))
    named = pd.DataFrame({"product": [f"P{row}" for row in range(len(units))]})
    fields = {"price": None, "promotion": None, "attributes": empty, "value": np.ones(len(units))} | given
    return History(named, pd.Timestamp("2024-01-01"), period_days, units, np.ones_like(units), **fields)


def forecast(model, history, spans):
    """Quantiles of a model fitted to a history and asked for what comes after it."""
    model.fit(history, spans)
    return model.predict(history).quantile


def excess_loss(quantile, truth):
    """Expected quantile loss of [series, probability] over that of the true quantiles, less 1; truth is [series, 1]."""
    probability = np.array(PROBABILITIES)
    outcome = truth.ppf((np.arange(400) + 0.5) / 400)[:, :, None]

    def loss(level):
        miss = outcome - level[:, None, :]
        return np.maximum(probability * miss, (probability - 1) * miss).mean()

    return loss(quantile) / loss(truth.ppf(probability)) - 1
