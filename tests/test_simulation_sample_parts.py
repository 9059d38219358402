"""The parts of an estimate from a sample: strata, the estimator, the load of the other products."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meio.simulation.sample_estimate import estimated
from meio.simulation.sample_frame import Frame, Sample, draw_sample
from meio.simulation.sample_load import Cover, _others, in_units, over_all_days, room_left, standing_for


def frame(num_products, seed=0, types=2):
    rng = np.random.default_rng(seed)
    units, bought = np.exp(rng.normal(0.0, 1.5, (2, num_products)))
    return Frame(units, units * bought, 0.1 * bought, rng.integers(0, types, num_products))


@given(st.integers(8, 400), st.floats(0.02, 0.99), st.integers(0, 99))
@settings(deadline=None, max_examples=60)
def test_strata_hold_every_product_and_weights_add_up(num_products, share, seed):
    known = frame(num_products, seed)
    if round(share * num_products) < 4:
        return
    sample = draw_sample(known, share, seed)
    assert (sample.num_products > 0).all()
    assert ((sample.num_drawn >= 2) | (sample.num_drawn == sample.num_products)).all()
    assert sample.weight.sum() == pytest.approx(num_products)
    assert len(np.unique(sample.product_idx)) == len(sample.product_idx)
    assert abs(len(sample.product_idx) - share * num_products) <= 2.0 * len(sample.num_drawn) + 1.0


def test_the_largest_products_are_drawn_for_certain():
    known = frame(500)
    sample = draw_sample(known, 50, 1)
    certain = np.flatnonzero(sample.stratum_idx == 0)
    assert set(certain.tolist()) <= set(sample.product_idx.tolist())
    assert len(certain) >= 5
    assert known.size[certain].min() >= np.delete(known.size, certain).max()


def test_another_seed_draws_others_of_the_same_strata():
    one, other = (draw_sample(frame(200), 0.2, seed) for seed in (1, 2))
    np.testing.assert_array_equal(one.stratum_idx, other.stratum_idx)
    assert set(one.product_idx.tolist()) != set(other.product_idx.tolist())


def draws(known, values, seed, paths=6, noise=0.0):
    """A sample's estimate of the total of `values`, [product], each path with noise of its own."""
    rng = np.random.default_rng([seed, 1])
    sample = draw_sample(known, 0.2, seed)
    own = values[sample.product_idx]
    return estimated(own[None, :, None] + noise * rng.normal(size=(paths, len(own), 1)), sample)


def test_what_follows_from_what_is_known_is_estimated_without_error():
    known = frame(300)
    values = 3.0 * known.units + 0.5 * known.bought - 2.0 * known.held
    found = draws(known, values, 4)
    assert found.mean[0] == pytest.approx(values.sum())
    assert found.half_width[0] == pytest.approx(0.0, abs=1e-6 * values.sum())


@pytest.mark.parametrize("noise", [0.0, 0.5, 3.0])
def test_estimates_are_unbiased_and_their_intervals_cover(noise):
    """300 samples of a population in which products differ by chance, and paths by as much, less or more."""
    known = frame(400)
    values = known.units * (2.0 + np.random.default_rng(9).normal(0.0, 0.5, 400))
    found = [draws(known, values, seed, noise=noise) for seed in range(300)]
    mean, width = (np.array([getattr(one, name)[0] for one in found]) for name in ("mean", "half_width"))
    assert abs(mean.mean() - values.sum()) < 4.0 * mean.std() / np.sqrt(300)
    said = np.sqrt(np.mean([one.products_sd[0] ** 2 + one.paths_sd[0] ** 2 for one in found]))
    assert said == pytest.approx(mean.std(), rel=0.2)
    assert 0.91 <= (np.abs(mean - values.sum()) <= width).mean() <= 0.985


def test_one_path_has_no_interval():
    assert np.isnan(draws(frame(100), np.ones(100), 1, paths=1).half_width).all()


def test_the_error_of_paths_is_that_of_the_whole_when_all_are_drawn():
    known, rng = frame(30), np.random.default_rng(2)
    sample = Sample(known, np.zeros(30, dtype=np.int64), np.arange(30))
    values = rng.normal(size=(8, 30, 1))
    found = estimated(values, sample)
    total = values.sum(axis=1)[:, 0]
    assert found.products_sd[0] == 0
    assert found.paths_sd[0] == pytest.approx(total.std(ddof=1) / np.sqrt(8))
    assert found.mean[0] == pytest.approx(total.mean())


def test_others_have_the_mean_and_the_variance_of_as_many_products():
    rng = np.random.default_rng(3)
    drawn = rng.poisson(20.0, (4000, 1, 2)).astype(float)
    others = _others(drawn, np.array([9.0, 0.0]))
    assert others[:, 0, 0].mean() == pytest.approx(9 * drawn[:, 0, 0].mean())
    assert others[:, 0, 0].var() == pytest.approx(9 * drawn[:, 0, 0].var(), rel=1e-3)
    assert (others[:, 0, 1] == 0).all()
    assert abs(np.corrcoef(others[:, 0, 0], drawn[:, 0, 0])[0, 1]) < 0.05


def test_strata_stand_for_one_without_drawn_products_at_a_place():
    every = Cover(
        *(np.array(part, dtype=float) for part in ([[10], [4]], [[8, 2], [3, 1]], [[10], [4]], [[[6.0]], [[3.0]]]))
    )
    drawn = Cover(
        *(np.array(part, dtype=float) for part in ([[5], [2]], [[4, 0], [1, 1]], [[5], [2]], [[[2.0]], [[0.0]]]))
    )
    factor = standing_for(every, drawn)
    assert (factor.storage * drawn.storage).sum() == pytest.approx(4.0 + 3.0)
    flows = (factor.node * drawn.node).sum(axis=1)
    assert flows == pytest.approx([1.0 * 4, 1.0 * 2])  # as many more as there is more demand


arrays = st.lists(st.floats(0.0, 20.0), min_size=6, max_size=6)


@given(arrays, arrays, arrays, st.booleans())
@settings(deadline=None)
def test_room_is_shared_out_and_never_more_than_there_is(limits, own, load, queues):
    capacity, mine, theirs = (np.array(part)[:, None] for part in (limits, own, load))
    left, passed = room_left(capacity, mine, theirs, queues=queues)
    assert (left >= -1e-9).all()
    assert (left + passed <= capacity + 1e-9).all()
    fits = mine + theirs <= capacity
    if not queues:
        assert left[fits] == pytest.approx((capacity - theirs)[fits])
        assert (left[~fits] * (mine + theirs)[~fits]) == pytest.approx((capacity * mine)[~fits])
    if queues:  # all that came has passed or waits
        served = np.cumsum(np.minimum(left, 1e9) + passed)
        assert (np.cumsum(passed) <= np.cumsum(theirs)[:] + 1e-9).all()
        assert served[-1] >= 0


def test_without_a_load_all_is_left():
    capacity = np.array([[5.0], [np.inf], [0.0]])
    left, passed = room_left(capacity, np.full((3, 1), 9.0), np.zeros((3, 1)), queues=False)
    assert left.tolist() == capacity.tolist()
    assert not passed.any()


def test_what_waits_is_wanted_again():
    one = np.ones((4, 1))
    left, passed = room_left(10 * one, np.array([[6.0], [0], [0], [0]]), np.array([[18.0], [0], [0], [0]]), queues=True)
    assert left[:, 0].tolist() == [2.5, 2.5, 7.0, 10.0]  # a quarter of 24 units in three days, then all
    assert passed[:, 0].tolist() == [7.5, 7.5, 3.0, 0.0]


def test_parts_of_units_are_saved_up():
    room = np.array([[0.4, np.inf], [0.4, np.inf], [0.4, np.inf], [1.8, 2.0]])
    units = in_units(room, np.ones_like(room))
    assert units[:, 0].tolist() == [0, 0, 1, 2]
    assert units[:, 1].tolist() == [np.inf, np.inf, np.inf, 2.0]
    assert in_units(room, np.zeros_like(room)).tolist() == room.tolist()


def test_days_outside_the_horizon_are_like_the_same_weekday_in_it():
    days = np.arange(14.0)[:, None]
    assert over_all_days(days, -3, 20)[:, 0].tolist() == [4, 5, 6, *range(14), 7, 8, 9]
