"""Recorded orders, baskets, disruptions and days of departure: read wherever they stand, each mistake told."""
# ruff: noqa: E501 (messages are compared whole)

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from planning_cases import demand_of, planning_scenario
from scenario_files import QUICKSTART, edited, problems_of

from meio.network.changes import Changes, changed, of_products
from meio.network.compile import compile_scenario
from meio.network.scenario import load_scenario

ORDERS_CSV = """order,placed,zone,speed,product,units
A1,2025-01-06 14:30,New York,express,lamp,1
A1,2025-01-06T14:30:00,New York,express,mug,2
A2,2025-04-06 23:59:59,Boston,standard,lamp,1
"""
MOMENT = "expected a moment such as '2026-01-05 14:30', without a time zone"


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def scenario_with(simulation: str) -> str:
    return f"{QUICKSTART}simulation:\n{simulation}"


def load(text: str):
    Path("s.yaml").write_text(text, encoding="utf-8")
    return load_scenario(Path("s.yaml"))


def order_problems(*edits: tuple[str, str], simulation: str = "  orders: o.csv\n") -> list[str]:
    Path("o.csv").write_text(edited(*edits, text=ORDERS_CSV), encoding="utf-8")
    return problems_of(scenario_with(simulation))


def test_orders_are_the_same_in_every_form():
    Path("o.csv").write_text(ORDERS_CSV, encoding="utf-8")
    table = load(scenario_with("  orders: o.csv\n")).tables["orders"]
    assert table["placed"].tolist() == [
        *[pd.Timestamp("2025-01-06 14:30")] * 2,
        pd.Timestamp("2025-04-06 23:59:59"),
    ]
    assert table.dtypes.astype(str).to_dict() == {
        "order": "str",
        "placed": "datetime64[us]",
        "zone": "str",
        "speed": "str",
        "product": "str",
        "units": "int64",
    }
    rows = [
        "{order: A1, placed: 2025-01-06 14:30, zone: New York, speed: express, product: lamp, units: 1}",
        '{order: A1, placed: "2025-01-06 14:30", zone: New York, speed: express, product: mug, units: 2}',
        "{order: A2, placed: 2025-04-06T23:59:59.0, zone: Boston, speed: standard, product: lamp, units: 1}",
    ]
    table.to_parquet("o.parquet")
    table.astype({"placed": "datetime64[ns]"}).to_parquet("n.parquet")
    for source in ("o.parquet", "n.parquet", f"[{', '.join(rows)}]"):
        pd.testing.assert_frame_equal(load(scenario_with(f"  orders: {source}\n")).tables["orders"], table)


def test_hash_leaves_recorded_orders_out():
    Path("o.csv").write_text(ORDERS_CSV, encoding="utf-8")
    without, given = load(QUICKSTART), load(scenario_with("  orders: o.csv\n"))
    Path("o.csv").write_text(ORDERS_CSV.replace("mug", "clock"), encoding="utf-8")
    other = load(scenario_with("  orders: o.csv\n"))
    assert without.hash == given.hash == other.hash
    assert given.data_hashes["o.csv"] != other.data_hashes["o.csv"]


ORDERS = {
    "moment with a time zone": ([("14:30,", "14:30+02:00,")], [f"o.csv:2:2: simulation.orders.placed: found '2025-01-06 14:30+02:00', {MOMENT}"]),
    "moment in universal time": ([("14:30,", "14:30Z,")], [f"o.csv:2:2: simulation.orders.placed: found '2025-01-06 14:30Z', {MOMENT}"]),
    "date only": ([(" 14:30,", ",")], [f"o.csv:2:2: simulation.orders.placed: found '2025-01-06', {MOMENT}"]),
    "another way to write dates": ([("2025-01-06 14", "06/01/2025 14")], [f"o.csv:2:2: simulation.orders.placed: found '06/01/2025 14:30', {MOMENT}"]),
    "day that does not exist": ([("2025-04-06", "2025-02-30")], [f"o.csv:4:2: simulation.orders.placed: found '2025-02-30 23:59:59', {MOMENT}"]),
    "no moment": ([("2025-04-06 23:59:59", "")], [f"o.csv:4:2: simulation.orders.placed: found an empty cell, {MOMENT}"]),
    "before the first day": ([("2025-04-06 23:59:59", "2025-01-05 23:59:59")], ["o.csv:4:2: simulation.orders.placed: found '2025-01-05 23:59:59', expected a moment from 2025-01-06 to 2025-04-06"]),
    "after the last day": ([("2025-04-06 23:59:59", "2025-04-07 00:00")], ["o.csv:4:2: simulation.orders.placed: found '2025-04-07 00:00', expected a moment from 2025-01-06 to 2025-04-06"]),
    "names": (
        [("Boston,standard,lamp", "Bston,standrd,lmap")],
        [
            "o.csv:4:3: simulation.orders.zone: found 'Bston', expected one of New York, Boston; did you mean 'Boston'?",
            "o.csv:4:4: simulation.orders.speed: found 'standrd', expected one of express, standard; did you mean 'standard'?",
            "o.csv:4:5: simulation.orders.product: found 'lmap', expected one of lamp, kettle, mug, chair, clock; did you mean 'lamp'?",
        ],
    ),
    "units": (
        [("mug,2", "mug,0"), ("standard,lamp,1", "standard,lamp,1.5")],
        [
            "o.csv:3:6: simulation.orders.units: found 0, expected a whole number of at least 1",
            "o.csv:4:6: simulation.orders.units: found 1.5, expected a whole number of at least 1",
        ],
    ),
    "rows of one order that differ": (
        [("T14:30:00,New York,express", "T14:31:00,Boston,standard")],
        [
            "o.csv:3:2: simulation.orders.placed: found '2025-01-06T14:31:00' for order A1, '2025-01-06 14:30' in line 2, expected the same placed in all rows of an order",
            "o.csv:3:3: simulation.orders.zone: found 'Boston' for order A1, 'New York' in line 2, expected the same zone in all rows of an order",
            "o.csv:3:4: simulation.orders.speed: found 'standard' for order A1, 'express' in line 2, expected the same speed in all rows of an order",
        ],
    ),
    "no order": ([("A2", "")], ["o.csv:4:1: simulation.orders.order: found an empty cell, expected a name"]),
    "column": (
        [("placed", "plced")],
        ["o.csv:1:2: simulation.orders: found column 'plced', expected one of order, placed, zone, speed, product, units; did you mean 'placed'?"],
    ),
    "no rows": ([(ORDERS_CSV.partition("\n")[2], "")], ["o.csv:1:1: simulation.orders: found no rows, expected at least one row"]),
}  # fmt: skip


@pytest.mark.parametrize(("edits", "expected"), ORDERS.values(), ids=ORDERS.keys())
def test_mistakes_in_recorded_orders(edits: list[tuple[str, str]], expected: list[str]):
    assert order_problems() == []
    assert order_problems(*edits) == expected


def test_a_product_may_stand_in_two_rows_of_an_order():
    assert order_problems(("express,mug,2", "express,lamp,2")) == []


def test_orders_may_come_in_the_warm_up():
    warm = QUICKSTART.replace("periods: 13", "periods: 13, warm_up_days: 2")
    Path("o.csv").write_text(ORDERS_CSV.replace("04-06 23", "01-04 00"), encoding="utf-8")
    assert problems_of(f"{warm}simulation: {{orders: o.csv}}\n") == []
    Path("o.csv").write_text(ORDERS_CSV.replace("04-06 23", "01-03 23"), encoding="utf-8")
    assert problems_of(f"{warm}simulation: {{orders: o.csv}}\n") == [
        "o.csv:4:2: simulation.orders.placed: found '2025-01-03 23:59:59', expected a moment from 2025-01-04 (warm-up) to 2025-04-06"
    ]


def test_inline_rows_are_named_by_their_number():
    row = "{order: 7, placed: 2025-01-06 14:30:00, zone: Boston, speed: express, product: lamp, units: 1}"
    assert problems_of(scenario_with(f"  orders: [{row}, {row.replace('14', '15')}]\n")) == [
        "s.yaml:58:127: simulation.orders.1.placed: found '2025-01-06 15:30:00' for order 7, '2025-01-06 14:30:00' in line 58, expected the same placed in all rows of an order"
    ]


def test_parquet_timestamps_with_a_zone_are_told():
    Path("o.csv").write_text(ORDERS_CSV, encoding="utf-8")
    table = load(scenario_with("  orders: o.csv\n")).tables["orders"]
    table.assign(placed=table["placed"].dt.tz_localize("America/New_York")).iloc[:1].to_parquet("o.parquet")
    assert problems_of(scenario_with("  orders: o.parquet\n")) == [
        f"o.parquet:1:2: simulation.orders.placed: found '2025-01-06 14:30:00-05:00', {MOMENT}"
    ]
    table.assign(placed=table["placed"].mask(table.index == 1)).to_parquet("o.parquet")
    assert problems_of(scenario_with("  orders: o.parquet\n")) == [
        f"o.parquet:2:2: simulation.orders.placed: found an empty cell, {MOMENT}"
    ]


DAYS = "begins: 2025-02-03, ends: 2025-02-05"
DISRUPTIONS = {
    "node": (f"node: DX, {DAYS}", "s.yaml:59:14: simulation.disruptions.0.node: found 'DX', expected one of DC, FC"),
    "vendor for a node": (f"node: MILL, {DAYS}", "s.yaml:59:14: simulation.disruptions.0.node: found 'MILL', a vendor, expected one of DC, FC"),
    "vendor": (f"vendor: MIL, {DAYS}", "s.yaml:59:16: simulation.disruptions.0.vendor: found 'MIL', expected MILL; did you mean 'MILL'?"),
    "node for a vendor": (f"vendor: DC, {DAYS}", "s.yaml:59:16: simulation.disruptions.0.vendor: found 'DC', which is no vendor, expected MILL"),
    "end of a lane": (f"lane: {{from: MIL, to: DC}}, {DAYS}", "s.yaml:59:21: simulation.disruptions.0.lane.from: found 'MIL', expected one of MILL, DC, FC; did you mean 'MILL'?"),
    "two ends without a lane": (f"lane: {{from: FC, to: DC}}, {DAYS}", "s.yaml:59:14: simulation.disruptions.0.lane: found FC→DC, which no lane joins, expected one of MILL→DC, DC→FC"),
    "two places": (f"node: FC, vendor: MILL, {DAYS}", "s.yaml:59:7: simulation.disruptions.0: found the keys node, vendor, begins, ends, expected exactly one of node, lane and vendor"),
    "no place": (DAYS, "s.yaml:59:7: simulation.disruptions.0: found the keys begins, ends, expected exactly one of node, lane and vendor"),
    "ends before it begins": ("node: FC, begins: 2025-02-03, ends: 2025-02-02", "s.yaml:59:44: simulation.disruptions.0.ends: found 2025-02-02, expected 2025-02-03, on which it begins, or a later day"),
    "before the first day": ("node: FC, begins: 2025-01-01, ends: 2025-01-05", "s.yaml:59:26: simulation.disruptions.0.begins: found 2025-01-01 to 2025-01-05, expected some day from 2025-01-06 to 2025-04-06"),
    "after the last day": ("node: FC, begins: 2025-04-07, ends: 2025-05-01", "s.yaml:59:26: simulation.disruptions.0.begins: found 2025-04-07 to 2025-05-01, expected some day from 2025-01-06 to 2025-04-06"),
    "share of an unlimited node": (f"node: DC, {DAYS}, capacity: 0.5", "s.yaml:59:66: simulation.disruptions.0.capacity: found a share of 0.5 of what has no limit, which changes nothing, expected 0 (nothing moves), or inbound_units_per_day or outbound_units_per_day at nodes.DC"),
    "share of an unlimited lane": (f"lane: {{from: DC, to: FC}}, {DAYS}, capacity: 0.5", "s.yaml:59:82: simulation.disruptions.0.capacity: found a share of 0.5 of what has no limit, which changes nothing, expected 0 (nothing moves), or capacity_units_per_day at its lane"),
    "share of an unlimited vendor": (f"vendor: MILL, {DAYS}, capacity: 0.5", "s.yaml:59:70: simulation.disruptions.0.capacity: found a share of 0.5 of what has no limit, which changes nothing, expected 0 (nothing moves), or capacity_units_per_day at its lanes"),
    "more than everything": (f"node: FC, {DAYS}, capacity: 1.5", "s.yaml:59:66: simulation.disruptions.0.capacity: found 1.5, expected a number of at most 1"),
}  # fmt: skip


@pytest.mark.parametrize(("disruption", "expected"), DISRUPTIONS.values(), ids=DISRUPTIONS.keys())
def test_mistakes_in_disruptions(disruption: str, expected: str):
    assert problems_of(scenario_with(f"  disruptions:\n    - {{{disruption}}}\n")) == [expected]


@pytest.mark.parametrize(
    "disruption",
    [
        f"node: DC, {DAYS}",
        f"node: FC, {DAYS}, capacity: 0.5",
        f"vendor: MILL, {DAYS}",
        f"lane: {{from: MILL, to: DC}}, {DAYS}",
        "node: FC, begins: 2025-01-01, ends: 2025-01-06",
        "node: FC, begins: 2025-04-06, ends: 2025-05-06",
    ],
)
def test_good_disruptions(disruption: str):
    assert problems_of(scenario_with(f"  disruptions:\n    - {{{disruption}}}\n")) == []


def test_a_share_of_a_lane_with_a_capacity():
    limited = edited(("from: MILL, to: DC,", "from: MILL, to: DC, capacity_units_per_day: 90,"))
    given = f"simulation:\n  disruptions:\n    - {{vendor: MILL, {DAYS}, capacity: 0.5}}\n"
    assert problems_of(limited + given) == []


@pytest.mark.parametrize(
    ("simulation", "expected"),
    [
        ("  baskets: [0, 0]\n", ["s.yaml:58:12: simulation.baskets: found only zeros, expected at least one number above 0"]),
        ("  baskets: []\n", ["s.yaml:58:12: simulation.baskets: found 0 entries, expected at least 1"]),
        ("  baskets: [-1]\n", ["s.yaml:58:13: simulation.baskets.0: found -1, expected a number of at least 0"]),
        ("  baskets: [6, 3, 1]\n", []),
        ("  baskets: [1]\n  orders: o.csv\n", []),
        (
            "  baskets: [6, 3, 1]\n  orders: o.csv\n",
            ["s.yaml:58:3: simulation.baskets: found baskets beside orders, expected one of the two: recorded orders have their own lines"],
        ),
        ("  policy: priority\n", ["s.yaml:58:11: simulation.policy: found 'priority', expected 'nearest', 'priced', 'reserve' or 'batch'"]),
    ],
)  # fmt: skip
def test_mistakes_in_baskets_and_policies(simulation: str, expected: list[str]):
    assert order_problems(simulation=simulation) == expected


def test_mistakes_in_different_parts_are_told_together():
    simulation = (
        f"  policy: x\n  baskets: [0]\n  disruptions:\n    - {{node: DX, {DAYS}}}\n    - {{vendor: [], {DAYS}}}\n"
    )
    assert [problem.split(": ")[1] for problem in problems_of(scenario_with(simulation))] == [
        "simulation.policy",
        "simulation.baskets",
        "simulation.disruptions.0.node",
        "simulation.disruptions.1.vendor",
    ]


def test_a_lane_departs_on_some_day_on_which_its_source_ships():
    lane, node = ("from: DC, to: FC,", "from: DC, to: FC, departs: [sat, sun],"), "kind: distribution_centre, "
    assert problems_of(edited(lane)) == []
    weekdays = (node, f"{node}ship_days: [mon, fri], ")
    (found,) = problems_of(edited(lane, weekdays))
    assert (
        found
        == "s.yaml:20:33: lanes.1.departs: found sat, sun, when DC does not ship, expected at least one of mon, fri"
    )


def test_changes_of_products_leave_recorded_orders_alone():
    """They are asked neither when products change nor for a part of the products."""
    table = pd.DataFrame({"order": ["A1"], "placed": [np.datetime64("2026-01-05T10:00")], "zone": ["z"], "speed": ["standard"], "product": ["q"], "units": [1]})  # fmt: skip
    scenario = planning_scenario(demand_of([("p", "z", 4.0), ("q", "z", 2.0)]), {("a", "z"): 1.0})
    scenario.tables["orders"] = table
    assert changed(scenario, Changes(demand_scale={"p": 2.0})).tables["orders"] is table
    assert not compile_scenario(of_products(scenario, ["p"])).conditions.recorded.given
