"""Every kind of mistake in a table, each with its exact message."""
# ruff: noqa: E501 (messages are compared whole)

from __future__ import annotations

from pathlib import Path

import pytest
from scenario_files import edited, problems_of, with_source

Cases = dict[str, tuple[list[tuple[str, str]], list[str]]]


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


INLINE: Cases = {
    "unknown product": (
        [('product: lamp, period: "*"', 'product: lmap, period: "*"')],
        [
            "s.yaml:40:15: products.0.product: found 'lamp' without demand, expected rows in the table product_demand",
            "s.yaml:50:17: demand.products.0.product: found 'lmap', expected one of lamp, kettle, mug, chair, clock; did you mean 'lamp'?",
        ],
    ),
    "negative demand": (
        [("mean: 70", "mean: -70")],
        ["s.yaml:50:42: demand.products.0.mean: found -70, expected a number of at least 0"],
    ),
    "NaN demand": (
        [("mean: 70", "mean: .nan")],
        ["s.yaml:50:42: demand.products.0.mean: found nan, expected a number of at least 0"],
    ),
    "no demand in a cell": (
        [("mean: 70", "mean:")],
        [
            "s.yaml:50:7: demand.products.0.mean: found an empty cell, expected a number of at least 0",
            "s.yaml:50:36: demand.products: found column 'mean:', expected one of product, period, mean, dispersion; did you mean 'mean'?",
        ],
    ),
    "dispersion": (
        [("dispersion: 3", "dispersion: 0.3")],
        ["s.yaml:52:58: demand.products.2.dispersion: found 0.3, expected a number of at least 1"],
    ),
    "period": (
        [("period: 9", "period: 14")],
        ["s.yaml:54:32: demand.products.4.period: found 14, expected a period from 1 to 13, or '*'"],
    ),
    "duplicate row": (
        [("period: 9", 'period: "*"')],
        [
            "s.yaml:54:17: demand.products.4.product: found a second row for chair, * (the first is in line 53), expected one row for each product, period"
        ],
    ),
    "missing periods": (
        [('period: "*", mean: 12', "period: 3, mean: 12")],
        [
            "s.yaml:53:32: demand.products.3.period: found no row of chair for period 1 and 10 more, expected rows for all 13 periods, or for '*'"
        ],
    ),
    "shares": (
        [("share: 0.3", "share: 0.4")],
        ["s.yaml:56:51: demand.speed_mix.0.share: found a sum of 1.1 for all, *, expected a sum of 1"],
    ),
    "group and speed": (
        [("group: all, speed: express", "group: al, speed: expres")],
        [
            "s.yaml:56:23: demand.speed_mix.0.group: found 'al', expected all; did you mean 'all'?",
            "s.yaml:56:34: demand.speed_mix.0.speed: found 'expres', expected one of express, standard; did you mean 'express'?",
        ],
    ),
    "vendor": (
        [("vendor: MILL", "vendor: MIL")],
        ["s.yaml:45:33: supply.0.vendor: found 'MIL', expected MILL; did you mean 'MILL'?"],
    ),
    "node for a vendor": (
        [("vendor: MILL", "vendor: DC")],
        ["s.yaml:45:33: supply.0.vendor: found 'DC', expected MILL"],
    ),
    "product without supply": (
        [('product: "*", vendor: MILL', "product: lamp, vendor: MILL")],
        [
            "s.yaml:41:15: products.1.product: found 'kettle' without supply, expected a row in the table supply",
            "s.yaml:42:15: products.2.product: found 'mug' without supply, expected a row in the table supply",
            "s.yaml:43:15: products.3.product: found 'chair' without supply, expected a row in the table supply",
            "s.yaml:44:15: products.4.product: found 'clock' without supply, expected a row in the table supply",
        ],
    ),
    "rate column": (
        [("cost: 6}", "csot: 6}")],
        [
            "s.yaml:35:7: outbound.rates.1.cost: found an empty cell, expected a number of at least 0",
            "s.yaml:35:53: outbound.rates: found column 'csot', expected one of service, band, max_weight_kg, cost; did you mean 'cost'?",
        ],
    ),
    "rate service": (
        [("{service: air, band: 2", "{service: aire, band: 2")],
        [
            "s.yaml:32:34: outbound.services.air.transit_days: found no rate for band 2, expected a row in the table rates for every band",
            "s.yaml:37:17: outbound.rates.3.service: found 'aire', expected one of air, ground; did you mean 'air'?",
        ],
    ),
    "rate band": (
        [("{service: air, band: 2", "{service: air, band: 3")],
        [
            "s.yaml:32:34: outbound.services.air.transit_days: found no rate for band 2, expected a row in the table rates for every band",
            "s.yaml:37:28: outbound.rates.3.band: found 3, expected a band for which the service has transit_days",
        ],
    ),
    "duplicate rate": (
        [("{service: ground, band: 2", "{service: ground, band: 1")],
        [
            "s.yaml:32:66: outbound.services.ground.transit_days: found no rate for band 2, expected a row in the table rates for every band",
            "s.yaml:35:17: outbound.rates.1.service: found a second row for ground, 1, 20 (the first is in line 34), expected one row for each service, band, max_weight_kg",
        ],
    ),
    "empty table": (
        [('supply: [{product: "*", vendor: MILL, pack: 6}]', "supply: []")],
        ["s.yaml:45:9: supply: found no rows, expected at least one row"],
    ),
    "pack": (
        [("pack: 6", "pack: 2.5")],
        ["s.yaml:45:45: supply.0.pack: found 2.5, expected a whole number of at least 1"],
    ),
    "initial stock": (
        [
            (
                "supply:",
                "initial_stock: [{product: lmp, node: FD, units: -1}, {product: lamp, node: MILL, units: 2}]\nsupply:",
            )
        ],
        [
            "s.yaml:45:27: initial_stock.0.product: found 'lmp', expected one of lamp, kettle, mug, chair, clock; did you mean 'lamp'?",
            "s.yaml:45:38: initial_stock.0.node: found 'FD', expected one of DC, FC",
            "s.yaml:45:49: initial_stock.0.units: found -1, expected a whole number of at least 0",
            "s.yaml:45:76: initial_stock.1.node: found 'MILL', expected one of DC, FC",
        ],
    ),
    "open order off the lanes": (
        [("supply:", "open_orders: [{product: lamp, from: MILL, to: FC, units: 5, arrives_day: 2}]\nsupply:")],
        [
            "s.yaml:45:37: open_orders.0.from: found an order from MILL to FC, expected an order on a lane of the scenario"
        ],
    ),
    "open order without room": (
        [
            ("horizon:", "storage_types: [standard, bulky]\nhorizon:"),
            ("unlimited", "unlimited, bulky: 2"),
            ("price: 95", "price: 95, storage_type: bulky"),
            ("supply:", "open_orders: [{product: chair, from: DC, to: FC, units: 5, arrives_day: 2}]\nsupply:"),
        ],
        [
            "s.yaml:44:15: products.3.product: found 'chair', which no lanes bring to customers, expected a way from its vendors to a node that serves customers, over nodes that stock its storage type",
            "s.yaml:46:46: open_orders.0.to: found 'FC', which has no storage for 'bulky', expected a node that stocks the product's storage type",
        ],
    ),
    "type nobody stocks": (
        [("horizon:", "storage_types: [standard, bulky]\nhorizon:"), ("price: 95", "price: 95, storage_type: bulky")],
        [
            "s.yaml:44:93: products.3.storage_type: found 'bulky', which no node stocks, expected a type with storage_m3 at some node"
        ],
    ),
    "type that stops on the way": (
        [
            ("horizon:", "storage_types: [standard, bulky]\nhorizon:"),
            ("{standard: 3}", "{standard: 4, bulky: 2}"),
            ("price: 95", "price: 95, storage_type: bulky"),
        ],
        [
            "s.yaml:44:15: products.3.product: found 'chair', which no lanes bring to customers, expected a way from its vendors to a node that serves customers, over nodes that stock its storage type"
        ],
    ),
    "group without shares": (
        [("price: 95", "price: 95, group: seats")],
        [
            "s.yaml:43:86: products.3.group: found 'seats' without shares, expected rows for it or for '*' in the table speed_mix"
        ],
    ),
    "group without shares in a zone": (
        [
            ("group: all, speed: express, ", "group: all, zone: Boston, speed: express, "),
            ("group: all, speed: standard, ", "group: all, zone: Boston, speed: standard, "),
        ],
        [
            "s.yaml:40:5: products.0.group: found 'all' without shares, expected rows for it or for '*' in the table speed_mix"
        ],
    ),
    "source": (
        [('supply: [{product: "*", vendor: MILL, pack: 6}]', "supply: 3")],
        ["s.yaml:45:9: supply: found 3, expected a list of rows, or the path of a CSV or Parquet file"],
    ),
    "absent file": (
        [('supply: [{product: "*", vendor: MILL, pack: 6}]', "supply: suply.csv")],
        [
            "s.yaml:45:9: supply: found 'suply.csv', no such file, expected a list of rows, or the path of a CSV or Parquet file; did you mean 'supply.csv'?"
        ],
    ),
    "folder": (
        [('supply: [{product: "*", vendor: MILL, pack: 6}]', "supply: folder.csv")],
        [
            "s.yaml:45:9: supply: found 'folder.csv', a folder, expected a list of rows, or the path of a CSV or Parquet file"
        ],
    ),
    "kind of file": (
        [('supply: [{product: "*", vendor: MILL, pack: 6}]', "supply: supply.xlsx")],
        ["s.yaml:45:9: supply: found 'supply.xlsx', expected a list of rows, or the path of a CSV or Parquet file"],
    ),
}


@pytest.mark.parametrize(("edits", "expected"), INLINE.values(), ids=INLINE.keys())
def test_inline_and_between_tables(edits: list[tuple[str, str]], expected: list[str]):
    Path("supply.csv").write_text("product,vendor", encoding="utf-8")
    Path("folder.csv").mkdir()
    assert problems_of(edited(*edits)) == expected


def demand_table(*rows: str, distribution: str) -> list[str]:
    """Problems of a scenario whose other products have Poisson-like demand in the same columns."""
    lamp = ", ".join(f'{{product: lamp, period: "*", {row}}}' for row in rows)
    others = {"empirical": "value: 2, probability: 1", "quantiles": "value: 2, probability: 0.5"}[distribution]
    rest = ", ".join(f'{{product: {name}, period: "*", {others}}}' for name in ("kettle", "mug", "chair", "clock"))
    text = with_source("  products", f"[{lamp}, {rest}]")
    return [
        problem.partition(": ")[2] for problem in problems_of(edited(("negative_binomial", distribution), text=text))
    ]


def test_probabilities_sum_to_one():
    assert demand_table("value: 2, probability: 0.5", "value: 3, probability: 0.4", distribution="empirical") == [
        "demand.products.0.probability: found a sum of 0.9 for lamp, *, expected a sum of 1"
    ]


def test_quantiles_do_not_fall():
    rows = ("value: 2, probability: 0.1", "value: 1, probability: 0.5", "value: 3, probability: 0.9")
    assert demand_table(*rows, distribution="quantiles") == [
        "demand.products.1.value: found 1, expected a value that does not fall as the probability rises"
    ]


def test_level_twice():
    rows = ("value: 2, probability: 0.5", "value: 3, probability: 0.5")
    assert demand_table(*rows, distribution="quantiles") == [
        "demand.products.1.product: found a second row for lamp, *, 0.5 (the first is in line 49), expected one row for each product, period, probability"
    ]


def test_long_lists_of_names_are_counted():
    names = [f"article{number}" for number in range(20)]
    products = ["product,volume_m3,weight_kg,unit_cost,price", *(f"{name},0.01,1,5,9" for name in names)]
    demand = ["product,period,mean,dispersion", *(f"{name},*,1,1" for name in [*names, "artcle7"])]
    Path("p.csv").write_text("\n".join(products), encoding="utf-8")
    Path("d.csv").write_text("\n".join(demand), encoding="utf-8")
    assert problems_of(with_source("products", "p.csv", with_source("  products", "d.csv"))) == [
        "d.csv:22:1: demand.products.product: found 'artcle7', expected one of the scenario's 20 products; did you mean 'article7'?"
    ]
