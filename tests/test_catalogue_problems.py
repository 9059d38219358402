"""What is wrong with a catalogue is told as it is of a scenario loaded whole; damaged files are told when read."""
# ruff: noqa: E501 (messages are compared whole)

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from catalogue_cases import catalogue_tables, write_catalogue
from conftest import Ended

from meio.network import catalogue_tables as opening
from meio.network.catalogue import Catalogue, check_scenario, is_catalogue, open_catalogue
from meio.network.problems import ScenarioError
from meio.network.scenario import load_scenario

Tables = dict[str, pd.DataFrame]


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def told(ask: Callable[[], object]) -> list[str]:
    """What a scenario error says, line by line; nothing where there is none."""
    try:
        ask()
    except ScenarioError as error:
        return [str(problem) for problem in error.problems]
    return []


def told_by_catalogue(path: Path, *overrides: str) -> list[str]:
    """What opening says, else what the blocks say."""
    opened: list[Catalogue] = []
    at_opening = told(lambda: opened.append(open_catalogue(path, overrides, products_per_block=20)))
    if at_opening:
        return at_opening
    return [line for block in opened[0].blocks for line in told(partial(opened[0].block, block.index))]


def in_cell(table: str, row: int, column: str, value: object) -> Callable[[Tables], None]:
    def change(tables: Tables) -> None:
        cells = tables[table][column].astype(object)
        cells.iloc[row] = value
        tables[table][column] = cells.infer_objects()

    return change


def without_rows(table: str, first: int, end: int) -> Callable[[Tables], None]:
    def change(tables: Tables) -> None:
        names = tables["products"]["product"][first:end]
        tables[table] = tables[table][~tables[table]["product"].isin(names)]

    return change


MISTAKES: dict[str, tuple[Callable[[Tables], None], str]] = {
    "a cell out of range": (in_cell("products", 33, "price", -1.0), "products.parquet:34:6: products.price: found -1"),
    "a demand out of range": (in_cell("product_demand", 150, "dispersion", 0.5), "product_demand.parquet:151:4"),
    "an empty number": (
        in_cell("product_demand", 150, "mean", None),
        "product_demand.parquet:151:3: demand.products.mean: found nan",
    ),
    "a storage type unknown": (in_cell("products", 44, "storage_type", "cold"), "found 'cold'"),
    "a product too heavy": (in_cell("products", 7, "weight_kg", 21.0), "found 21, expected at most 20"),
    "a period beyond the horizon": (
        in_cell("product_demand", 103, "period", 5),
        "found 5, expected a period from 1 to 4",
    ),
    "a period twice": (in_cell("product_demand", 103, "period", 3), "a second row for"),
    "a vendor unknown": (in_cell("supply", 4, "vendor", "hub"), "supply.parquet:5:2: supply.vendor: found 'hub'"),
    "a vendor unknown of every product": (in_cell("supply", 0, "vendor", "hub"), "supply.parquet:1:2"),
    "stock at no node": (in_cell("initial_stock", 3, "node", "east"), "initial_stock.parquet:4:2"),
    "stock without room": (in_cell("initial_stock", 3, "node", "mill"), "found 'mill'"),
    "orders without lane": (in_cell("open_orders", 3, "to", "city"), "an order from mill to city"),
    "a product without demand": (without_rows("product_demand", 31, 33), "without demand"),
    "a product twice": (in_cell("products", 3, "product", "p0000047"), "a second row for p0000047"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_told_as_of_a_scenario_loaded_whole(tmp_path: Path, mistake: str):
    change, part = MISTAKES[mistake]
    tables = catalogue_tables(50)
    change(tables)
    path = write_catalogue(tmp_path, tables, {"products": 20})
    found = told_by_catalogue(path)
    of_whole = told(lambda: load_scenario(path))
    if mistake == "a product twice":  # then its rows are in no order, and are not asked for
        of_whole = [line for line in of_whole if line.startswith("products")]
    assert found == [*dict.fromkeys(of_whole)]
    assert any(part in line for line in found)


def test_a_block_of_products_that_are_all_without(tmp_path: Path):
    tables = catalogue_tables(50)
    for name in ("product_demand", "supply"):
        without_rows(name, 20, 40)(tables)
    tables["supply"] = pd.DataFrame(
        {"product": [*tables["products"]["product"][:20], *tables["products"]["product"][40:]], "vendor": "mill"}
    )
    found = told_by_catalogue(write_catalogue(tmp_path, tables, {"products": 20}))
    assert sum("expected rows in the table supply" in line for line in found) == 5
    assert "without product_demand (and 15 more)" in found[-1] or "without product_demand (and 15 more)" in found[-2]


def test_every_problem_that_can_be_seen_at_opening_is_told(tmp_path: Path):
    tables = catalogue_tables(50)
    tables["product_demand"] = tables["product_demand"].iloc[::-1]
    tables["supply"].loc[1, "product"] = "stranger"
    tables["initial_stock"] = tables["initial_stock"].rename(columns={"units": "unit"})
    tables["open_orders"] = tables["open_orders"].drop(columns="units")
    path = write_catalogue(tmp_path, tables, {"products": 20})
    after = tables["product_demand"]["product"].iloc[[4, 0]]
    assert told_by_catalogue(path, "costs.end_stock_value=2", "lanes.0.from=nowhere")[1:] == [
        "--set:2:14: lanes.0.from: found 'nowhere', expected one of city, hub, mill, north, south",
        "initial_stock.parquet:1:3: initial_stock: found column 'unit', expected one of product, node, units; did you mean 'units'?",
        "open_orders.parquet:1:1: open_orders: found no column 'units', expected the columns product, from, to, units, arrives_day",
        "product_demand.parquet:5:1: demand.products.product: found '{}' after '{}', expected the order of the table products: "
        "sort the table by product in that order".format(*after),
        "supply.parquet:2:1: supply.product: found 'stranger', expected one of the scenario's 50 products",
    ]


def test_groups_of_products_and_of_mixes_are_held_against_each_other(tmp_path: Path):
    tables = catalogue_tables(50)
    in_cell("products", 45, "group", "toys")(tables)
    path = write_catalogue(tmp_path, tables, {"products": 20})
    shares = [{"group": one, "speed": "standard", "share": 1.0} for one in ("homeware", "media", "furniture")]
    toys = f"demand.speed_mix={[*shares, {'group': 'toys', 'speed': 'standard', 'share': 1.0}]}"
    games = f"demand.speed_mix={[*shares, {'group': 'games', 'speed': 'standard', 'share': 1.0}]}"
    none = f"demand.speed_mix={shares}"
    assert told_by_catalogue(path, toys) == []
    for override in (games, none):
        assert told_by_catalogue(path, override)[:1] == told(lambda mix=override: load_scenario(path, [mix]))[:1]
    assert "'toys' without shares" in told_by_catalogue(path, none)[0]
    slow = "outbound.services.courier.transit_days=[1]"  # nobody in a group without shares wants it
    assert told_by_catalogue(path, none, slow) == told(lambda: load_scenario(path, [none, slow]))


def test_small_tables_of_products_name_products_of_the_scenario(tmp_path: Path):
    stock = [{"product": "p0000001", "node": "hub", "units": 1}, {"product": "lamp", "node": "hub", "units": 2}]
    path = write_catalogue(tmp_path, catalogue_tables(50), initial_stock=stock)
    (found,) = told_by_catalogue(path)
    assert found.endswith(": initial_stock.1.product: found 'lamp', expected one of the scenario's 50 products")


def test_a_zone_out_of_reach_is_told_by_the_blocks_that_want_it(tmp_path: Path):
    path = write_catalogue(tmp_path, catalogue_tables(50), {"products": 20})
    slow = "outbound.services.courier.transit_days=[1]"
    found = told_by_catalogue(path, slow)
    assert len(found) == 3 * 4
    assert list(dict.fromkeys(found)) == told(lambda: load_scenario(path, [slow]))


@pytest.mark.parametrize("products", ["products.csv", "[]"])
def test_products_must_be_a_parquet_file(tmp_path: Path, products: str):
    path = write_catalogue(tmp_path, catalogue_tables(50))
    found = told(lambda: open_catalogue(path, [f"products={products}"]))
    shown = "rows in the scenario file" if products == "[]" else "'products.csv'"
    assert f"--set:1:10: products: found {shown}, expected the path of a Parquet file" in found


def test_large_tables_of_products_must_be_parquet_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    tables = catalogue_tables(50)
    path = write_catalogue(tmp_path, tables)
    tables["initial_stock"].to_csv(tmp_path / "stock.csv", index=False)
    monkeypatch.setattr(opening, "_MOST_BYTES_HELD", 100)
    (found,) = told(lambda: open_catalogue(path, ["initial_stock=stock.csv"]))
    size = (tmp_path / "stock.csv").stat().st_size
    assert f"found 'stock.csv' of {size:,} bytes, expected a Parquet file in the order of the products" in found


def test_products_without_rows_are_told(tmp_path: Path):
    tables = {name: frame[:0] for name, frame in catalogue_tables(4).items()}
    found = told_by_catalogue(write_catalogue(tmp_path, tables))
    assert "products.parquet:1:1: products: found no rows, expected at least one row" in found


def test_a_file_that_is_absent_is_told(tmp_path: Path):
    path = write_catalogue(tmp_path, catalogue_tables(50))
    found = told(lambda: open_catalogue(path, ["demand.products=demand.parquet"]))
    assert found == told(lambda: load_scenario(path, ["demand.products=demand.parquet"]))
    assert "'demand.parquet', no such file" in found[0]


@pytest.mark.parametrize("name", ["products", "product_demand", "initial_stock"])
def test_a_truncated_file_is_told_at_opening(tmp_path: Path, name: str):
    path = write_catalogue(tmp_path, catalogue_tables(50), {"products": 20})
    file = tmp_path / f"{name}.parquet"
    content = file.read_bytes()
    for length in (len(content) - 1, len(content) // 2, 3, 0):
        file.write_bytes(content[:length])
        found = told(lambda: open_catalogue(path))
        said = "found a damaged file, expected a Parquet file that is whole: write or copy it again"
        assert f"{name}.parquet:1:1: {'demand.products' if name == 'product_demand' else name}: {said}" in found
    if name == "products":
        assert not is_catalogue(path)


@pytest.mark.parametrize(("column", "at_opening"), [("product", True), ("mean", False)])
def test_damage_to_a_row_group_is_told_when_it_is_read(tmp_path: Path, column: str, at_opening: bool):
    path = write_catalogue(tmp_path, catalogue_tables(50), {"products": 20, "product_demand": 80})
    file = tmp_path / "product_demand.parquet"
    metadata = pq.ParquetFile(file).metadata
    place = metadata.schema.names.index(column)
    chunk = metadata.row_group(2).column(place)
    start = chunk.dictionary_page_offset or chunk.data_page_offset
    content = bytearray(file.read_bytes())
    content[start : start + chunk.total_compressed_size] = b"\xff" * chunk.total_compressed_size
    file.write_bytes(content)
    said = (
        "product_demand.parquet:161:1: demand.products: found damaged rows 161 to 200, expected a Parquet file that can be"
        " read to its end: write or copy it again"
    )
    if at_opening:
        assert told(lambda: open_catalogue(path)) == [said]
    else:
        catalogue = open_catalogue(path, products_per_block=20)
        assert told(lambda: catalogue.block(0)) == told(lambda: catalogue.block(1)) == []
        assert told(lambda: catalogue.block(2)) == [said]


def test_a_wrong_checksum_is_told(tmp_path: Path):
    tables = catalogue_tables(50)
    path = write_catalogue(tmp_path, tables)
    file = tmp_path / "product_demand.parquet"
    pq.write_table(
        pa.Table.from_pandas(tables["product_demand"]),
        file,
        compression="none",
        use_dictionary=False,
        write_page_checksum=True,
    )
    chunk = pq.ParquetFile(file).metadata.row_group(0).column(2)
    content = bytearray(file.read_bytes())
    content[chunk.data_page_offset + chunk.total_compressed_size // 2] ^= 1  # one bit of one mean
    file.write_bytes(content)
    assert "found damaged rows 1 to 200" in told(lambda: open_catalogue(path).block(0))[0]


def test_a_file_that_changes_after_opening_is_told(tmp_path: Path):
    path = write_catalogue(tmp_path, catalogue_tables(50))
    catalogue = open_catalogue(path)
    write_catalogue(tmp_path, catalogue_tables(60))
    (found,) = told(lambda: catalogue.block(0))
    assert "found a file that has changed, expected the file as it was when the scenario was opened" in found
    (tmp_path / "products.parquet").unlink()
    (found,) = told(lambda: catalogue.block(0))
    assert "products.parquet:1:1: products: found a damaged file" in found


def test_a_whole_catalogue_is_checked_block_by_block(tmp_path: Path):
    tables = catalogue_tables(50)
    path = write_catalogue(tmp_path, tables, {"products": 20})
    assert check_scenario(path).name == "toy"
    in_cell("products", 12, "price", -1.0)(tables)
    in_cell("product_demand", 180, "mean", -1.0)(tables)
    write_catalogue(tmp_path, tables, {"products": 20})
    found = told(lambda: check_scenario(path))
    assert len(found) == 2
    assert found == told(lambda: load_scenario(path))
    write_catalogue(tmp_path, tables, {"products": 50})  # loaded whole
    assert told(lambda: check_scenario(path)) == found


def test_the_command_line_tells_of_a_truncated_file(tmp_path: Path, meio: Callable[..., Ended]):
    path = write_catalogue(tmp_path, catalogue_tables(50), {"products": 20})
    assert meio("validate", path) == (0, "toy: no problem found\n", "")
    file = tmp_path / "product_demand.parquet"
    file.write_bytes(file.read_bytes()[:-100])
    code, out, err = meio("validate", path)
    assert (code, out) == (3, "")
    assert "product_demand.parquet:1:1: demand.products: found a damaged file" in err
    assert "Traceback" not in err
