"""Blocks of a catalogue against the same products of the scenario loaded whole."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from catalogue_cases import catalogue_tables, write_catalogue

from meio.network.catalogue import Catalogue, open_catalogue
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
