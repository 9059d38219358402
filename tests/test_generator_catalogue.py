"""The made-up catalogue: its tail and its slow movers, the same for the same seed, streamed by groups of rows."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from scipy.stats import norm

import meio
from meio.generator.assortment import (
    RANK_EXPONENT,
    ROW_GROUP,
    SLOW_UNITS_A_WEEK,
    draw_assortment,
    ordinary_daily,
    peak_shape,
    tail_width,
    weekly_means,
)
from meio.generator.groups import GROUPS
from meio.generator.tables import PRODUCT_TABLES

SMALL = {"nodes": 5, "zones": 4, "periods": 3}


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_same_numbers_give_the_same_bytes(tmp_path):
    for name in ("one", "again"):
        meio.generate(tmp_path / name, products=300, seed=5, **SMALL)
    meio.generate(tmp_path / "other", products=300, seed=6, **SMALL)
    one, again, other = (contents(tmp_path / name) for name in ("one", "again", "other"))
    assert one == again
    assert all(one[f"{name}.parquet"] != other[f"{name}.parquet"] for name in PRODUCT_TABLES)


def test_a_catalogue_begins_as_a_smaller_one(tmp_path):
    sizes = (300, ROW_GROUP + 7, ROW_GROUP + 300)
    for size in sizes:
        meio.generate(tmp_path / str(size), products=size, seed=2, **SMALL)
    for name in PRODUCT_TABLES:
        small, middle, large = (pd.read_parquet(tmp_path / str(size) / f"{name}.parquet") for size in sizes)
        pd.testing.assert_frame_equal(large.iloc[: len(small)], small)
        pd.testing.assert_frame_equal(large.iloc[: len(middle)], middle)


def test_groups_of_rows_hold_the_same_products_in_the_same_order(tmp_path):
    meio.generate(tmp_path / "out", products=2 * ROW_GROUP + 5, **SMALL)
    products, supply, demand = (pq.ParquetFile(tmp_path / "out" / f"{name}.parquet") for name in PRODUCT_TABLES)
    assert [products.metadata.row_group(group).num_rows for group in range(3)] == [ROW_GROUP, ROW_GROUP, 5]
    assert products.num_row_groups == supply.num_row_groups == demand.num_row_groups
    for group in range(3):
        names, sold, wanted = (
            file.read_row_group(group, columns=["product"])["product"].to_pandas()
            for file in (products, supply, demand)
        )
        assert names.is_monotonic_increasing
        assert sold.unique().tolist() == names.tolist()
        assert wanted.tolist() == names.repeat(SMALL["periods"]).tolist()


@pytest.mark.parametrize("first", [0, ROW_GROUP, 37 * ROW_GROUP])
def test_any_stretch_has_the_mix_of_the_whole(first):
    weekly = 7 * ordinary_daily(first, seed=1)
    for stretch in (weekly[:500], weekly[-1000:], weekly):
        assert (stretch < SLOW_UNITS_A_WEEK).mean() == pytest.approx(0.8, abs=0.004)
    assert np.log(weekly).std() == pytest.approx(tail_width(), rel=0.01)


def test_four_products_in_five_are_slow(tmp_path):
    meio.generate(tmp_path / "out", products=2000, nodes=5, zones=4)
    demand = pd.read_parquet(tmp_path / "out" / "product_demand.parquet")
    ordinary = demand[demand["period"] <= 6].groupby("product")["mean"].mean()
    assert 0.78 < (ordinary < SLOW_UNITS_A_WEEK).mean() < 0.84


def test_the_top_fifth_sells_what_the_power_law_gives_it():
    weekly = np.sort(np.concatenate([ordinary_daily(first, 3) for first in range(0, 100_000, ROW_GROUP)]))[::-1]
    ranks = np.arange(1, 1 + len(weekly))
    power_law = ranks**-RANK_EXPONENT
    below = np.cumsum(weekly)[20_000 - 1] / weekly.sum()
    assert below == pytest.approx(0.2 ** (1 - RANK_EXPONENT), abs=0.01)  # of a catalogue without end
    assert below == pytest.approx(np.cumsum(power_law)[20_000 - 1] / power_law.sum(), abs=0.06)


def test_sales_fall_the_faster_the_rarer_the_product():
    weekly = np.sort(np.concatenate([ordinary_daily(first, 3) for first in range(0, 100_000, ROW_GROUP)]))[::-1]
    ranks = np.array([100, 1_000, 10_000, 50_000, 90_000])
    slopes = np.diff(np.log(weekly[ranks])) / np.diff(np.log(ranks))
    assert (np.diff(slopes) < 0).all()
    quantiles = norm.isf((ranks - 0.5) / len(weekly))
    assert np.log(weekly[ranks]) == pytest.approx(
        np.log(SLOW_UNITS_A_WEEK / 7) + tail_width() * (quantiles - norm.ppf(0.8)), abs=0.01
    )


def test_groups_have_their_own_sizes_and_prices():
    some = draw_assortment(0, ROW_GROUP, seed=0)
    for number, group in enumerate(GROUPS.values()):
        of_group = some.group_idx == number
        assert of_group.mean() == pytest.approx(group.share, abs=0.015)
        assert np.median(some.price[of_group]) == pytest.approx(group.price, rel=0.08)
        assert np.median(some.volume_m3[of_group]) == pytest.approx(group.volume_m3, rel=0.08)
    assert (some.unit_cost < some.price).all()


def test_the_peak_lies_in_the_last_weeks():
    some = draw_assortment(0, 2000, seed=0)
    quarter = weekly_means(some, 13)
    height = quarter[:, 10].sum() / quarter[:, :6].mean(axis=1).sum()
    heaviest = np.average([GROUPS[name].peak for name in GROUPS], weights=np.bincount(some.group_idx, some.daily))
    assert height == pytest.approx(heaviest, rel=0.05)
    assert peak_shape(20) == [0.0] * 7 + peak_shape(13)
    assert peak_shape(4) == peak_shape(13)[-4:]
