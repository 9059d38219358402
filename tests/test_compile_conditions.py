"""What only the simulator reads, compiled, against a plain re-computation from the file and its tables."""

from __future__ import annotations

from datetime import date, datetime

import numpy as np
import pandas as pd
import pytest
from toy import TABLES, toy_scenario

from meio.network.compile import compile_scenario
from meio.network.compiled import CompiledScenario
from meio.network.model import ALL_WEEK, Scenario

START = date(2026, 1, 5)


def _orders(seed: int, num_lines: int) -> pd.DataFrame:
    """Lines of a few orders in any sequence, orders of the same minute and lines of the same product among them."""
    random = np.random.default_rng(seed)
    order = random.integers(max(1, num_lines // 3), size=num_lines)
    second = random.integers(-3 * 86400, 28 * 86400, num_lines) // 7200 * 1830
    zones, products = TABLES["zones"]["zone"].to_numpy(), TABLES["products"]["product"].to_numpy()
    zone, speed = random.choice(zones, num_lines), random.choice(["same_day", "two_day", "standard"], num_lines)
    return pd.DataFrame(
        {
            "order": [f"o{number}" for number in order],
            "placed": np.datetime64(START) + second[order].astype("timedelta64[s]").astype("timedelta64[us]"),
            "zone": zone[order],
            "speed": speed[order],
            "product": random.choice(products, num_lines),
            "units": random.integers(1, 5, num_lines),
        }
    )


Order = tuple[float, str, str, dict[str, int]]


def _plainly(table: pd.DataFrame) -> list[Order]:
    """Orders by their minutes, each with its units by product in the sequence of its rows."""
    orders: dict[str, Order] = {}
    for row in table.itertuples():
        minute = (row.placed.to_pydatetime() - datetime(2026, 1, 5)).total_seconds() / 60  # noqa: DTZ001
        lines = orders.setdefault(row.order, (minute, row.zone, row.speed, {}))[3]
        lines[row.product] = lines.get(row.product, 0) + row.units
    return sorted(orders.values(), key=lambda order: order[0])


def _compiled_orders(compiled: CompiledScenario) -> list[Order]:
    recorded, names = compiled.conditions.recorded, compiled.names
    orders = []
    for place, (minute, cell) in enumerate(zip(recorded.minute, recorded.class_idx, strict=True)):
        zone, speed = divmod(cell, len(names.speeds))
        lines = range(recorded.line_ptr[place], recorded.line_ptr[place + 1])
        units = {names.products[recorded.product_idx[line]]: recorded.units[line] for line in lines}
        assert len(units) == len(lines)
        orders.append((minute, names.zones[zone], names.speeds[speed], units))
    return orders


@pytest.mark.parametrize(("seed", "num_lines"), [(seed, lines) for seed in range(5) for lines in (1, 7, 200)])
def test_recorded_orders(seed: int, num_lines: int) -> None:
    table = _orders(seed, num_lines)
    compiled = compile_scenario(toy_scenario({"orders": table}))
    expected, found = _plainly(table), _compiled_orders(compiled)
    assert found == expected
    assert [list(order[3]) for order in found] == [list(order[3]) for order in expected]  # lines in their sequence
    assert compiled.conditions.recorded.given
    assert compiled.conditions.recorded.line_ptr[-1] == len(compiled.conditions.recorded.units)


def test_no_recorded_orders() -> None:
    recorded = compile_scenario(toy_scenario()).conditions.recorded
    assert not recorded.given
    assert recorded.line_ptr.tolist() == [0]
    assert all(len(part) == 0 for part in (recorded.minute, recorded.class_idx, recorded.product_idx, recorded.units))


def _scenario(*disruptions: dict[str, object], **simulation: object) -> Scenario:
    given = [{"begins": "2026-01-07", "ends": "2026-01-09", **one} for one in disruptions]
    return toy_scenario(simulation={"disruptions": given, **simulation})


def _capacity_left(compiled: CompiledScenario, axis: str, size: int) -> np.ndarray:
    """Share of the capacity of each node or lane that is left, [node or lane, day]."""
    left = np.ones((size, 28))
    disruptions = compiled.conditions.disruptions
    concerned = getattr(disruptions, f"{axis}_idx")
    for one, place in enumerate(concerned):
        for day in range(28):
            if place >= 0 and disruptions.first_day[one] <= day < disruptions.end_day[one]:
                left[place, day] *= disruptions.capacity_share[one]
    return left


def test_disruptions_of_nodes_lanes_and_vendors() -> None:
    compiled = compile_scenario(
        _scenario(
            {"node": "north"},
            {"node": "north", "ends": "2026-01-07", "capacity": 0.5},
            {"vendor": "mill", "begins": "2026-01-01", "ends": "2026-01-05", "capacity": 0.25},
            {"lane": {"from": "hub", "to": "city"}},
        )
    )
    names = compiled.names
    nodes, lanes = np.ones((len(names.nodes), 28)), np.ones((len(names.lanes), 28))
    nodes[names.nodes.index("north"), 2:5] = 0.0
    for lane, name in enumerate(names.lanes):
        if name.startswith("mill→"):
            lanes[lane, 0] = 0.25  # its last day is the first of the horizon
        if name == "hub→city":
            lanes[lane, 2:5] = 0.0
    np.testing.assert_array_equal(_capacity_left(compiled, "node", len(names.nodes)), nodes)
    np.testing.assert_array_equal(_capacity_left(compiled, "lane", len(names.lanes)), lanes)
    rows = compiled.conditions.disruptions
    assert ((rows.node_idx < 0) != (rows.lane_idx < 0)).all()
    assert rows.first_day.min() == -4


def test_a_lane_s_two_ends_mean_all_parallel_lanes() -> None:
    ends = [("mill", "hub"), ("hub", "south"), ("hub", "south"), ("hub", "north"), ("mill", "south")]
    lanes = [
        {"from": source, "to": node, "lead_time": {"mean": days}} for days, (source, node) in enumerate(ends, start=1)
    ]
    both = {"lane": {"from": "hub", "to": "south"}, "begins": "2026-01-07", "ends": "2026-01-09"}
    compiled = compile_scenario(toy_scenario(lanes=lanes, simulation={"disruptions": [both]}))
    concerned = [compiled.names.lanes[lane] for lane in compiled.conditions.disruptions.lane_idx]
    assert concerned == ["hub→south", "hub→south#2"]


def test_no_disruptions() -> None:
    assert all(len(part) == 0 for part in compile_scenario(toy_scenario()).conditions.disruptions)


@pytest.mark.parametrize("baskets", [[1.0], [6, 3, 1], [0, 2]])
def test_baskets_are_shares(baskets: list[float]) -> None:
    share = compile_scenario(_scenario(baskets=baskets)).conditions.basket_share
    assert share.tolist() == pytest.approx([one / sum(baskets) for one in baskets])


def test_the_rest_is_taken_over() -> None:
    conditions = compile_scenario(_scenario(shortage="in_proportion", batch_minutes=15)).conditions
    assert (conditions.shortage_in_proportion, conditions.batch_minutes) == (True, 15)
    assert not compile_scenario(toy_scenario()).conditions.shortage_in_proportion


def test_days_on_which_lanes_depart() -> None:
    def lane(source: str, node: str, **keys: object) -> dict[str, object]:
        return {"from": source, "to": node, "lead_time": {"mean": 1}, **keys}

    lanes = [lane("hub", "city", departs=["sun", "mon"]), lane("mill", "hub"), lane("hub", "north", departs=["wed"])]
    departs = compile_scenario(toy_scenario(lanes=lanes)).lanes.departs
    assert departs.shape == (3, 7)
    days = [{day for day, leaves in zip(ALL_WEEK, row, strict=True) if leaves} for row in departs]
    assert days == [set(ALL_WEEK), {"wed"}, {"mon", "sun"}]  # sorted by destination


def test_weight_classes_end_at_the_rate_card_s_limits() -> None:
    compiled = compile_scenario(toy_scenario())
    assert compiled.outbound.weight_limit_kg.tolist() == sorted(set(TABLES["rates"]["max_weight_kg"]))
    limit = compiled.outbound.weight_limit_kg[compiled.products.weight_class_idx]
    assert (compiled.products.weight_kg <= limit).all()
