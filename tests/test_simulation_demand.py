"""A day's orders: how many, when, of which class, and that nothing but their own product decides it."""

import numpy as np
import pytest
from random_networks import Size, random_network, random_plan
from scipy import stats

from meio.network.compiled import EMPIRICAL, GAMMA, NEGATIVE_BINOMIAL, NORMAL, POISSON, QUANTILES, Demand
from meio.network.distributions import quantile_moments
from meio.simulation.build import build_world
from meio.simulation.demand_kernels import draw_day_orders
from meio.simulation.drawn import room_to_draw
from meio.simulation.streams import name_keys
from meio.simulation.streams_kernels import derived_key

LEAST_P = 1e-4
NUM_KEYS = 3000
SIZE = Size(products=3, zones=3, speeds=2, periods=2, period_days=5, warm_up_days=3)


def demand_of(kind, mean=4.0, variance=6.0, points=((), ())):
    """One stream over two classes, the second period twice the first."""
    values, probability = (np.array(part) for part in points)
    return Demand(
        product_ptr=np.array([0, 1]),
        stream_kind=np.array([kind]),
        daily_mean=np.array([[mean, 2 * mean]]),
        daily_variance=np.array([[variance, 2 * variance]]),
        mix_idx=np.array([0]),
        mix_ptr=np.array([0, 2]),
        mix_class_idx=np.array([1, 4]),
        mix_share=np.array([0.3, 0.7]),
        table_ptr=np.array([0, len(values), 2 * len(values)]),
        table_value=np.concatenate([values, 2 * values]),
        table_probability=np.concatenate([probability, probability]),
        hourly_share=np.array([0.0, 0.2, 0.0, 0.5, 0.3] + [0.0] * 19),
    )


def orders_of(demand, days, keys=range(NUM_KEYS)):
    """Orders of every key and day, as a list per key of a list per day."""
    compiled = random_network(0, SIZE._replace(products=1))._replace(demand=demand)
    world, draws = build_world(compiled, random_plan(compiled, 0)), np.empty(2, dtype=np.uint64)
    stream_keys = [np.array([derived_key(np.uint64(99), key)], dtype=np.uint64) for key in keys]
    return [
        [
            draw_day_orders(world.demand, world.guides, world.clock, key, draws, room_to_draw(1, day % 5), day)
            for day in days
        ]
        for key in stream_keys
    ]


def counts_of(demand, day):
    return np.array([len(orders[0].minute) for orders in orders_of(demand, [day])])


def assert_mean_and_variance(counts, mean, variance):
    error = np.sqrt(variance / len(counts))
    assert abs(counts.mean() - mean) < 4 * error
    kurtosis = stats.kurtosis(counts, fisher=False)
    assert abs(counts.var() - variance) < 4 * variance * np.sqrt((kurtosis - 1) / len(counts))


@pytest.mark.parametrize(("kind", "variance"), [(POISSON, 4.0), (NEGATIVE_BINOMIAL, 6.0)])
@pytest.mark.parametrize(("day", "factor"), [(-2, 1), (0, 1), (7, 2)])
def test_counts_have_the_mean_and_variance_of_their_period(kind, variance, day, factor):
    assert_mean_and_variance(counts_of(demand_of(kind, 4.0, variance), day), factor * 4.0, factor * variance)


@pytest.mark.parametrize(
    ("kind", "distribution"),
    [(NORMAL, stats.norm(4, np.sqrt(6))), (GAMMA, stats.gamma(4 * 4 / 6, scale=6 / 4))],
)
def test_continuous_demand_is_rounded_to_whole_units_and_never_negative(kind, distribution):
    counts = counts_of(demand_of(kind), 0)
    values = np.arange(0, 9)
    expected = np.diff([0.0, *distribution.cdf(values + 0.5), 1.0]) * NUM_KEYS
    found = np.histogram(counts, bins=[-0.5, *(values + 0.5), np.inf])[0]
    assert stats.chisquare(found, expected).pvalue > LEAST_P


def period_totals(kind, points):
    days = orders_of(demand_of(kind, points=points), range(5, 10))
    return np.array([[len(orders.minute) for orders in one] for one in days])  # [key, day]


def test_empirical_totals_are_the_table_s_and_their_units_fall_on_any_day():
    by_day = period_totals(EMPIRICAL, ((3.0, 10.0), (0.25, 1.0)))
    totals = by_day.sum(axis=1)
    assert set(totals) == {6, 20}  # of the second period
    assert stats.binomtest(int((totals == 6).sum()), NUM_KEYS, 0.25).pvalue > LEAST_P
    assert stats.chisquare(by_day.sum(axis=0)).pvalue > LEAST_P
    assert_mean_and_variance(by_day[totals == 6][:, 0], 6 / 5, 6 / 5 * 4 / 5)


def test_quantile_totals_have_the_moments_of_the_straight_lines_between_them():
    values, probability = np.array([20.0, 40.0, 100.0]), np.array([0.1, 0.5, 0.9])
    totals = period_totals(QUANTILES, (values, probability)).sum(axis=1)
    mean, variance = quantile_moments(np.array([0, 3]), 2 * values, probability)
    assert_mean_and_variance(totals, mean[0], variance[0] + 1 / 12)
    assert (totals.min(), totals.max()) == (40, 200)


def test_orders_come_sorted_by_the_hourly_profile_and_the_class_shares():
    orders = [one for (one,) in orders_of(demand_of(POISSON, 20.0), [0], range(300))]
    assert all((np.diff(one.minute) >= 0).all() for one in orders)
    minutes, classes = (np.concatenate(part) for part in ([o.minute for o in orders], [o.class_idx for o in orders]))
    hours = np.bincount((minutes // 60).astype(int), minlength=24)
    assert set(np.flatnonzero(hours)) == {1, 3, 4}
    assert stats.chisquare(hours[[1, 3, 4]], len(minutes) * np.array([0.2, 0.5, 0.3])).pvalue > LEAST_P
    assert stats.kstest(minutes[minutes // 60 == 3] / 60 - 3, "uniform").pvalue > LEAST_P
    assert set(classes) == {1, 4}
    assert stats.binomtest(int((classes == 1).sum()), len(classes), 0.3).pvalue > LEAST_P
    assert abs(np.corrcoef(minutes, classes)[0, 1]) < 4 / np.sqrt(len(minutes))


def test_days_and_replications_are_independent():
    counts = np.array([[len(o.minute) for o in one] for one in orders_of(demand_of(POISSON), [0, 1, 2])])
    correlation = np.corrcoef(np.column_stack([counts[1:], counts[:-1]]).T)  # [day of this and of the next key] twice
    assert (np.abs(correlation[np.triu_indices(6, 1)]) < 4 / np.sqrt(NUM_KEYS)).all()


def test_a_product_keeps_its_orders_wherever_it_stands():
    compiled = random_network(5, SIZE)
    world, draws = build_world(compiled, random_plan(compiled, 0)), np.empty(2, dtype=np.uint64)
    order = [2, 0, 1]
    moved = build_world(_with_products_in(compiled, order), random_plan(compiled, 0))
    seen = []
    for one in (world, moved):
        keys = _stream_keys(one, name_keys(["a", "b", "c"]) if one is world else name_keys(["c", "a", "b"]))
        new_arrays = room_to_draw(0, 0)
        days = [draw_day_orders(one.demand, one.guides, one.clock, keys, draws, new_arrays, day) for day in range(5)]
        names = np.array(["a", "b", "c"] if one is world else ["c", "a", "b"])
        seen.append([list(zip(o.minute, names[o.product_idx], o.class_idx, strict=True)) for o in days])
    assert seen[0] == seen[1]
    assert sum(map(len, seen[0])) > 10


def _stream_keys(world, product_keys):
    guides = world.guides
    keys = [
        derived_key(product_keys[p], n) for p, n in zip(guides.stream_product_idx, guides.stream_number, strict=True)
    ]
    return np.array(keys, dtype=np.uint64)


def _with_products_in(compiled, order):
    """The network with the products' demand in another order."""
    demand = compiled.demand
    spans = [range(demand.product_ptr[p], demand.product_ptr[p + 1]) for p in order]
    streams = np.array([stream for span in spans for stream in span])
    cells = [stream * SIZE.periods + period for stream in streams for period in range(SIZE.periods)]
    points = [np.arange(demand.table_ptr[cell], demand.table_ptr[cell + 1]) for cell in cells]
    return compiled._replace(
        demand=demand._replace(
            product_ptr=np.cumsum([0, *map(len, spans)]),
            stream_kind=demand.stream_kind[streams],
            daily_mean=demand.daily_mean[streams],
            daily_variance=demand.daily_variance[streams],
            mix_idx=demand.mix_idx[streams],
            table_ptr=np.cumsum([0, *map(len, points)]),
            table_value=demand.table_value[np.concatenate(points)],
            table_probability=demand.table_probability[np.concatenate(points)],
        )
    )
