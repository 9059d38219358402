"""The model of each group is the one that did best there; the simplest wins a tie."""

from __future__ import annotations

import numpy as np
import pytest
from rolling_cases import history_of, poisson_quantiles, rolling_of

from meio.demand.choice import choose, chosen_models, combined
from meio.demand.groups import demand_groups
from meio.demand.score_table import pooled, score_table
from meio.demand.scores import quantile_loss
from meio.demand.spans import Span

GROUPS = np.array(["slow"] * 40 + ["fast"] * 40)


@pytest.fixture
def forecasts():
    """One is right for slow movers, the other for fast ones."""
    mean = np.where(GROUPS == "slow", 2.0, 20.0)
    demand = np.random.default_rng(1).poisson(mean, size=(12, 80))[..., None]
    slow_right, fast_right = np.where(GROUPS == "slow", mean, 1.5 * mean), np.where(GROUPS == "slow", 3 * mean, mean)
    return {
        name: rolling_of(poisson_quantiles(wrong)[None, :, None], demand, model=name)
        for name, wrong in (("simple", slow_right), ("pooled", fast_right))
    }


def test_best_by_loss_is_the_one_that_is_right(forecasts):
    choice = choose(forecasts, GROUPS)
    assert chosen_models(choice) == {"fast": "pooled", "slow": "simple"}
    row = choice[(choice["group"] == "slow") & (choice["model"] == "pooled")].iloc[0]
    own = forecasts["pooled"].of(GROUPS == "slow")
    assert row["money_loss"] == pytest.approx(np.mean(quantile_loss(own.quantile, own.demand)))
    assert np.isnan(row["cost"])


def test_cost_decides_where_it_is_known(forecasts):
    seen = []

    def cost_of(group, forecast):
        seen.append((group, forecast.model, forecast.demand.shape[1]))
        return {"simple": 5.0, "pooled": 3.0 if group == "slow" else 9.0}[forecast.model]

    choice = choose(forecasts, GROUPS, cost_of)
    assert chosen_models(choice) == {"slow": "pooled", "fast": "simple"}
    assert sorted(seen) == sorted((g, m, 40) for g in ("slow", "fast") for m in ("simple", "pooled"))
    assert choice.groupby("group")[["best_by_loss", "best_by_cost"]].sum().eq(1).all(axis=None)


def test_first_wins_a_tie(forecasts):
    twice = {"first": forecasts["simple"], "second": forecasts["simple"]}
    assert set(chosen_models(choose(twice, GROUPS, lambda *_: 1.0)).values()) == {"first"}


def test_losses_are_compared_on_the_outcomes_that_all_know(forecasts):
    blind = forecasts["pooled"]
    blind.demand[:, :, 0] = np.where(blind.demand[:, :, 0] > 2, np.nan, blind.demand[:, :, 0])
    loss = choose(forecasts, GROUPS).set_index(["group", "model"])["money_loss"]
    known = np.isfinite(blind.demand[:, :40])
    own = forecasts["simple"]
    assert loss["slow", "simple"] == pytest.approx(quantile_loss(own.quantile, own.demand)[:, :40][known].mean())
    assert np.isnan(loss["fast", "simple"]) == (not np.isfinite(blind.demand[:, 40:]).any())


def test_combined_takes_each_group_from_its_model(forecasts):
    best = combined(forecasts, GROUPS, {"slow": "simple", "fast": "pooled"})
    assert np.array_equal(best.quantile[:, :40], forecasts["simple"].quantile[:, :40])
    assert np.array_equal(best.quantile[:, 40:], forecasts["pooled"].quantile[:, 40:])


def test_slow_and_fast_halves_and_large_categories():
    random = np.random.default_rng(0)
    kinds = np.array(["toys"] * 240 + ["rare"] * 60)
    units = random.poisson(random.uniform(1, 9, size=300)[:, None], size=(300, 30)).astype(float)
    units[7] = np.nan
    units[8, :20] = np.nan
    history = history_of(units, attributes={"kind": kinds})
    speed, both = demand_groups(history), demand_groups(history, "kind")
    rate = np.nan_to_num(np.array([row[np.isfinite(row)].mean() if np.isfinite(row).any() else 0.0 for row in units]))
    assert np.array_equal(speed == "slow", rate < np.median(rate))
    assert set(both) == {"slow, toys", "fast, toys", "slow", "fast"}
    assert np.array_equal(both == "slow, toys", (speed == "slow") & (kinds == "toys"))
    with pytest.raises(ValueError, match="category: found 'colour', expected an attribute of the products: kind"):
        demand_groups(history, "colour")


def test_score_table_holds_means_that_pool_to_the_whole():
    random = np.random.default_rng(4)
    spans = (Span(1, 1), Span(1, 2), Span(1, 9))
    demand = random.poisson(5.0, size=(6, 80, 3)).astype(float)
    demand[4:, :, 1], demand[:, :, 2], demand[0, :50, 0] = np.nan, np.nan, np.nan
    rolled = rolling_of(poisson_quantiles(4.0), demand, spans)
    scores = score_table(rolled, GROUPS, calibrated=False)
    assert len(scores) == 4  # nothing is known of the third span
    assert scores["outcomes"].sum() == np.isfinite(demand).sum()
    whole = pooled(scores, ["model"]).iloc[0]
    assert whole["quantile_loss"] == pytest.approx(np.nanmean(quantile_loss(rolled.quantile, rolled.demand)))
    assert whole["mean_demand"] == pytest.approx(np.nanmean(demand))
    assert whole["mean_forecast"] == pytest.approx(4.0, abs=0.1)
    one = scores[(scores["group"] == "fast") & (scores["last"] == 2)].iloc[0]
    assert one["outcomes"] == np.isfinite(demand[:, 40:, 1]).sum()
    assert one["mean_demand"] == pytest.approx(np.nanmean(demand[:, 40:, 1]))
