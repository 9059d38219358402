"""Blocks of a catalogue against the same products of the scenario loaded whole."""

from __future__ import annotations

import pickle
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from catalogue_cases import catalogue_tables, write_catalogue
from hypothesis import given, settings
from hypothesis import strategies as st

from meio.network.catalogue import Catalogue, is_catalogue, open_catalogue
from meio.network.compile import compile_scenario
from meio.network.compiled import CompiledScenario, Demand
from meio.network.scenario import load_scenario

OF_ALL_PRODUCTS = ("name", "start", "first_weekday", "num_periods", "period_days", "warm_up_days", "currency")


def assert_blocks_are_parts(whole: CompiledScenario, catalogue: Catalogue) -> None:
    """Compiled blocks, one after the other, are the whole."""
    assert [block.first_product for block in catalogue.blocks] == list(
        np.cumsum([0, *(block.num_products for block in catalogue.blocks)])[:-1]
    )
    assert sum(block.num_products for block in catalogue.blocks) == catalogue.num_products
    for block in catalogue.blocks:
        compiled = compile_scenario(catalogue.block(block.index))
        assert_part(whole, compiled, np.arange(block.first_product, block.first_product + block.num_products))


def assert_part(whole: CompiledScenario, part: CompiledScenario, product_idx: np.ndarray) -> None:
    """Some products of the whole are those of a part, and everything else is the same."""
    assert part.names.products == tuple(whole.names.products[product] for product in product_idx)
    assert part.names._replace(products=()) == whole.names._replace(products=())
    for name in OF_ALL_PRODUCTS:
        assert getattr(part, name) == getattr(whole, name)
    for name in ("nodes", "lanes", "outbound"):
        assert_same(getattr(part, name), getattr(whole, name))
    assert_same((part.zone_lat, part.zone_lon, part.zone_population, part.costs), (
        whole.zone_lat, whole.zone_lon, whole.zone_population, whole.costs))  # fmt: skip
    assert_same(part.penalties, [array[product_idx] for array in whole.penalties])
    supply, pointers = rows_of(whole.products.supply_ptr, product_idx)
    for name, array in whole.products._asdict().items():
        expected = pointers if name == "supply_ptr" else array[supply if name.startswith("supply") else product_idx]
        np.testing.assert_array_equal(getattr(part.products, name), expected, strict=True)
    assert_same_demand(whole.demand, part.demand, product_idx, whole.num_periods)
    mine = np.flatnonzero(np.isin(whole.stock.order_product_idx, product_idx))
    assert part.stock.given == whole.stock.given
    np.testing.assert_array_equal(part.stock.on_hand, whole.stock.on_hand[product_idx], strict=True)
    np.testing.assert_array_equal(part.stock.order_product_idx + product_idx[0], whole.stock.order_product_idx[mine])
    for name in ("order_lane_idx", "order_units", "order_arrives_day"):
        np.testing.assert_array_equal(getattr(part.stock, name), getattr(whole.stock, name)[mine], strict=True)


def assert_same(found: object, expected: object) -> None:
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one, other, strict=True)


def rows_of(pointers: np.ndarray, product_idx: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows of some products in arrays that pointers cut, and the pointers of those rows."""
    rows = [np.arange(pointers[product], pointers[product + 1]) for product in product_idx]
    return np.concatenate(rows), np.cumsum([0, *map(len, rows)])


def assert_same_demand(whole: Demand, part: Demand, product_idx: np.ndarray, num_periods: int) -> None:
    """The streams are the same; mixes may be numbered otherwise."""
    streams, pointers = rows_of(whole.product_ptr, product_idx)
    np.testing.assert_array_equal(part.product_ptr, pointers)
    for name in ("stream_kind", "daily_mean", "daily_variance"):
        np.testing.assert_array_equal(getattr(part, name), getattr(whole, name)[streams], strict=True)
    np.testing.assert_array_equal(part.hourly_share, whole.hourly_share)
    for stream, own in enumerate(streams):
        assert_same(mix_of(part, stream), mix_of(whole, own))
        for period in range(num_periods):
            assert_same(points_of(part, stream * num_periods + period), points_of(whole, own * num_periods + period))


def mix_of(demand: Demand, stream: int) -> tuple[np.ndarray, np.ndarray]:
    mix = demand.mix_idx[stream]
    of_mix = slice(demand.mix_ptr[mix], demand.mix_ptr[mix + 1])
    return demand.mix_class_idx[of_mix], demand.mix_share[of_mix]


def points_of(demand: Demand, cell: int) -> tuple[np.ndarray, np.ndarray]:
    of_cell = slice(demand.table_ptr[cell], demand.table_ptr[cell + 1])
    return demand.table_value[of_cell], demand.table_probability[of_cell]


def test_blocks_compile_to_the_rows_of_the_whole(tmp_path: Path):
    path = write_catalogue(tmp_path, catalogue_tables(330))
    catalogue = open_catalogue(path, products_per_block=100)
    assert [block.num_products for block in catalogue.blocks] == [100, 100, 100, 30]
    assert_blocks_are_parts(compile_scenario(load_scenario(path)), catalogue)


@settings(max_examples=6, deadline=None)
@given(st.data())
def test_any_row_groups_and_blocks_give_the_same_products(data: st.DataObject):
    num_products = data.draw(st.integers(4, 24))
    tables = catalogue_tables(num_products, seed=data.draw(st.integers(0, 99)))
    rows_per_group = {name: data.draw(st.integers(1, len(frame) + 1), label=name) for name, frame in tables.items()}
    with tempfile.TemporaryDirectory() as folder:
        path = write_catalogue(Path(folder), tables, rows_per_group)
        catalogue = open_catalogue(path, products_per_block=data.draw(st.integers(3, num_products + 1)))
        assert_blocks_are_parts(compile_scenario(load_scenario(path)), catalogue)


@pytest.mark.parametrize("distribution", ["poisson", "empirical", "quantiles"])
def test_demand_given_whole(tmp_path: Path, distribution: str):
    tables = catalogue_tables(60)
    products, rng = tables["products"], np.random.default_rng(5)
    keys = [
        (name, zone, speed, "*")
        for name in products["product"]
        for zone, speed in [("new_york", "two_day"), ("trenton", "standard")]
        if zone == "new_york" or rng.random() < 0.5
    ]
    demand = pd.DataFrame(keys, columns=["product", "zone", "speed", "period"])
    if distribution == "poisson":
        demand["mean"] = rng.gamma(2, 2, len(demand))
    else:
        points = [
            pd.DataFrame({"probability": [0.25, 0.75], "value": rng.permutation(9)[:2] + np.array([0, 9])})
            for _ in keys
        ]
        demand = pd.concat([demand.iloc[[row]].merge(of_row, how="cross") for row, of_row in enumerate(points)])
    del tables["product_demand"]
    path = write_catalogue(tmp_path, {**tables, "demand": demand}, demand={"distribution": distribution})
    assert_blocks_are_parts(compile_scenario(load_scenario(path)), open_catalogue(path, products_per_block=23))


def test_small_tables_of_products_may_stand_anywhere(tmp_path: Path):
    tables = catalogue_tables(50)
    path = write_catalogue(tmp_path, tables, supply=[{"product": "*", "vendor": "mill"}], initial_stock="stock.csv")
    tables["initial_stock"].sample(frac=1, random_state=1).to_csv(tmp_path / "stock.csv", index=False)
    assert_blocks_are_parts(compile_scenario(load_scenario(path)), open_catalogue(path, products_per_block=20))


def test_rows_for_every_product_may_stand_anywhere(tmp_path: Path):
    tables = catalogue_tables(80)
    nodes = {
        "works": {"kind": "vendor", "lat": 40.0, "lon": -80.0},
        "shop": {"kind": "vendor", "lat": 40.0, "lon": -80},
    }
    supply = tables["supply"][1:]
    every = pd.DataFrame({"product": "*", "vendor": ["works", "mill", "shop"], "pack": [2, 3, 4]})
    tables["supply"] = pd.concat([every[:1], supply[:7], every[1:2], supply[7:], every[2:]])
    path = write_catalogue(tmp_path, tables, {"supply": 5}, nodes=nodes)
    assert_blocks_are_parts(compile_scenario(load_scenario(path)), open_catalogue(path, products_per_block=20))


def test_names_may_be_numbers_or_categories(tmp_path: Path):
    tables = catalogue_tables(40)
    for frame in (tables["products"], tables["product_demand"], tables["initial_stock"], tables["open_orders"]):
        frame["product"] = frame["product"].str[1:].astype(int)
    tables["product_demand"]["product"] = tables["product_demand"]["product"].astype(str).astype("category")
    path = write_catalogue(tmp_path, tables, supply=[{"product": "*", "vendor": "mill"}])
    assert_blocks_are_parts(compile_scenario(load_scenario(path)), open_catalogue(path, products_per_block=15))


def test_products_without_groups(tmp_path: Path):
    tables = catalogue_tables(30)
    kept = tables["products"]["group"] != "furniture"
    names = tables["products"]["product"][kept]
    tables = {name: frame[frame["product"].isin([*names, "*"])] for name, frame in tables.items()}
    tables["products"] = tables["products"].drop(columns="group")
    mix = [{"group": "all", "zone": "newark", "share": 1.0}]
    speeds = [{"group": "all", "speed": "standard", "share": 1.0}]
    path = write_catalogue(tmp_path, tables, demand={"zone_mix": mix, "speed_mix": speeds})
    assert_blocks_are_parts(compile_scenario(load_scenario(path)), open_catalogue(path, products_per_block=9))


def test_a_pickled_catalogue_reads_the_same_blocks_from_another_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    write_catalogue(tmp_path, catalogue_tables(50), supply=[{"product": "*", "vendor": "mill"}])
    monkeypatch.chdir(tmp_path)
    catalogue = open_catalogue(Path("scenario.yaml"), products_per_block=20)
    copy = pickle.loads(pickle.dumps(catalogue))  # noqa: S301 (our own)
    monkeypatch.chdir("/")
    for index in range(len(catalogue.blocks)):
        one, other = catalogue.block(index), copy.block(index)
        assert one.hash == other.hash == catalogue.hash
        for name, frame in one.tables.items():
            pd.testing.assert_frame_equal(frame, other.tables[name])


def test_hash_is_of_what_is_planned(tmp_path: Path):
    tables = catalogue_tables(50)
    path = write_catalogue(tmp_path, tables)
    first = open_catalogue(path)
    again = open_catalogue(path, ["planning.max_iterations=7", "simulation.replications=3"], products_per_block=9)
    assert again.hash == first.hash
    assert again.data_hashes == first.data_hashes == load_scenario(path).data_hashes
    assert open_catalogue(path, ["costs.end_stock_value=0.5"]).hash != first.hash
    tables["product_demand"].loc[150, "mean"] += 1.0
    write_catalogue(tmp_path, tables)
    assert open_catalogue(path).hash != first.hash


def test_blocks_keep_to_row_groups_and_to_their_size(tmp_path: Path):
    path = write_catalogue(tmp_path, catalogue_tables(100), {"products": 30})
    for most, sizes in ((60, [60, 40]), (30, [30, 30, 30, 10]), (10, [10] * 10), (25, [30, 30, 30, 10]), (999, [100])):
        assert [block.num_products for block in open_catalogue(path, products_per_block=most).blocks] == sizes


def test_a_catalogue_has_products_in_several_row_groups(tmp_path: Path):
    path = write_catalogue(tmp_path, catalogue_tables(50), {"products": 20})
    assert is_catalogue(path)
    assert not is_catalogue(path, ["products=[]"])
    assert not is_catalogue(path, ["products=products.csv"])
    assert not is_catalogue(path, ["products=absent.parquet"])
    assert not is_catalogue(tmp_path / "absent.yaml")
    write_catalogue(tmp_path, catalogue_tables(50), {"products": 50})
    assert not is_catalogue(path)


def test_tables_of_stock_may_be_empty(tmp_path: Path):
    tables = catalogue_tables(30)
    tables |= {name: tables[name][:0] for name in ("initial_stock", "open_orders")}
    path = write_catalogue(tmp_path, tables)
    assert_blocks_are_parts(compile_scenario(load_scenario(path)), open_catalogue(path, products_per_block=20))
