"""Effects, intervals, p-values and sample sizes against SciPy and against draws."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from scipy import stats

from meio.experiments.design import drawn_blocks, drawn_products, strata
from meio.experiments.estimates import adjusted, effect_on_products, effect_on_weeks
from meio.experiments.sample_size import components, smallest_effect, units_needed


def test_one_stratum_is_welchs_test():
    generator = np.random.default_rng(1)
    treated = drawn_products(np.zeros(30, dtype=np.int64), generator)
    outcome = generator.gamma(2.0, size=30) + 0.5 * treated
    effect = effect_on_products(outcome, treated, np.zeros(30, dtype=np.int64), generator)
    welch = stats.ttest_ind(outcome[treated], outcome[~treated], equal_var=False)
    low, high = welch.confidence_interval()
    assert effect.estimate == pytest.approx(outcome[treated].mean() - outcome[~treated].mean())
    assert (effect.low, effect.high) == pytest.approx((low, high))
    assert effect.p_value == pytest.approx(welch.pvalue, abs=0.05)


def test_strata_weigh_by_their_size():
    outcome = np.array([1.0, 2.0, 3.0, 5.0, 10.0, 10.0, 20.0, 20.0, 30.0, 30.0])
    treated = np.array([True, False, True, False, False, False, False, True, True, True])
    stratum = np.repeat([0, 1], [4, 6])
    effect = effect_on_products(outcome, treated, stratum, np.random.default_rng(0))
    assert effect.estimate == pytest.approx(0.4 * (2.0 - 3.5) + 0.6 * (80.0 / 3.0 - 40.0 / 3.0))


def test_pairs_of_weeks_are_a_paired_test_with_all_its_signs():
    generator = np.random.default_rng(2)
    treated = drawn_blocks(8, generator)
    outcome = generator.normal(size=(8, 2)) + 1.2 * treated
    effect = effect_on_weeks(outcome, treated, generator)
    pairs = (outcome[treated], outcome[~treated])
    paired = stats.ttest_rel(*pairs)
    exact = stats.permutation_test(pairs, lambda a, b: np.mean(a - b), permutation_type="samples", n_resamples=np.inf)
    assert effect.estimate == pytest.approx(np.mean(pairs[0] - pairs[1]))
    assert (effect.low, effect.high) == pytest.approx(tuple(paired.confidence_interval()))
    assert effect.p_value == pytest.approx(exact.pvalue)


def test_adjusting_takes_out_what_covariates_explain_and_no_effect():
    generator = np.random.default_rng(3)
    group, covariate = np.repeat(np.arange(4), 25), generator.normal(size=100)
    effect = 0.7 * (np.arange(100) % 2)
    outcome = 5.0 * covariate + 10.0 * group + effect + 0.01 * generator.normal(size=100)
    treated = effect > 0.0
    better = adjusted(outcome, np.stack([covariate, np.full(100, 3.0)], axis=1), group)
    assert effect_on_products(better, treated, group, generator).estimate == pytest.approx(0.7, abs=0.15)
    residual = [better[group == each] - better[group == each].mean() for each in range(4)]
    inside = [covariate[group == each] - covariate[group == each].mean() for each in range(4)]
    assert np.concatenate(residual) @ np.concatenate(inside) == pytest.approx(0.0, abs=1e-9)
    np.testing.assert_array_equal(adjusted(outcome[:4], covariate[:4, None], np.zeros(4, dtype=np.int64)), outcome[:4])


def test_adjusted_effects_vary_over_all_draws_as_their_errors_say():
    generator = np.random.default_rng(7)
    covariate, group = generator.normal(size=8), np.zeros(8, dtype=np.int64)
    better = adjusted(3.0 * covariate + generator.gamma(1.0, size=8), covariate[:, None], group)
    draws = [np.isin(np.arange(8), chosen) for chosen in combinations(range(8), 4)]
    effects = [effect_on_products(better, treated, group, generator) for treated in draws]
    # without an effect, the difference of the means of two halves of n has the variance 4 S² / n (Neyman 1923)
    variance = 4.0 * better.var(ddof=1) / 8.0
    assert np.mean([effect.estimate**2 for effect in effects]) == pytest.approx(variance)
    assert np.mean([effect.standard_error**2 for effect in effects]) == pytest.approx(variance)


@pytest.mark.parametrize("design", ["products", "weeks"])
def test_where_nothing_is_to_be_found_five_percent_is_found(design):
    generator, found, trials = np.random.default_rng(4), np.zeros(2, dtype=int), 300
    stratum = strata(generator.gamma(0.5, size=24), generator.gamma(0.5, size=24))
    for _ in range(trials):
        if design == "products":
            treated = drawn_products(stratum, generator)
            effect = effect_on_products(generator.gamma(1.0, size=24), treated, stratum, generator)
        else:
            effect = effect_on_weeks(generator.gamma(1.0, size=(12, 2)), drawn_blocks(12, generator), generator)
        found += [effect.p_value <= 0.05, effect.low > 0.0 or effect.high < 0.0]
    least, most = stats.binom.interval(0.999, trials, 0.05)
    assert (found <= most).all()
    assert found[0] >= least


def test_half_of_each_stratum_is_treated():
    generator = np.random.default_rng(5)
    stratum = strata(generator.gamma(1.0, size=83), generator.gamma(1.0, size=83))
    size = np.bincount(stratum)
    assert size.min() >= 10
    drawn = np.array([drawn_products(stratum, generator) for _ in range(200)])
    in_stratum = np.array([np.bincount(stratum, one) for one in drawn])
    assert (np.abs(2 * in_stratum - size) <= 1).all()
    assert np.abs(drawn.mean(axis=0) - 0.5).max() < 5.0 * 0.5 / np.sqrt(200)


@pytest.mark.parametrize(("spread", "effect", "power"), [(1.0, 1.0, 0.8), (3.0, 1.0, 0.9), (10.0, 1.0, 0.5)])
def test_units_needed_have_the_power_of_the_noncentral_t(spread, effect, power):
    def reached(number):
        critical = stats.t.ppf(0.975, number - 1)
        return stats.nct.sf(critical, number - 1, effect / spread * np.sqrt(number))

    number = units_needed(spread, effect, power)
    assert reached(number + 1) >= power - 0.01
    assert reached(max(number - 2, 2)) <= power + 0.01
    many = smallest_effect(spread / np.sqrt(number), power)
    assert many <= effect * 1.01


def test_components_of_the_variance_are_found_again():
    generator = np.random.default_rng(6)
    weekly = generator.normal(0.0, 2.0, (10, 4000)) + generator.normal(0.0, 3.0, 4000)
    group = np.arange(4000) % 4
    between, within = components(weekly + 100.0 * group, group)
    assert within == pytest.approx(4.0, rel=0.05)
    assert between == pytest.approx(9.0, rel=0.1)
