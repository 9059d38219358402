"""Orders to release now, worked out by hand."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from planning_cases import demand_of, planning_case

from meio.network.compiled import CompiledScenario
from meio.optimizer.baselines import baseline_plans
from meio.orders import orders_frame
from meio.plans import Plan

LANES: list[dict[str, Any]] = [
    {
        "from": "vendor",
        "to": "hub",
        "lead_time": {"mean": 7.0},
        "review": {"every": 7.0, "offset": 8.0},
        "cost": {"per_unit": 0.5},
        "pack": 6,
        "minimum_order": 20,
    },
    {"from": "hub", "to": "west", "lead_time": {"mean": 1.0}, "cost": {"per_kg": 0.2}, "pack": 4},
    {"from": "hub", "to": "east", "lead_time": {"mean": 2.0}},
]
TARGETS = {"hub": [100.0, 40.0], "west": [30.0, 90.0], "east": [25.0, 90.0]}
STOCK = {"hub": 35, "west": 10, "east": 25}
OPEN = [("vendor", "hub", 12), ("hub", "west", 5), ("hub", "west", 4)]


def _case(given_stock: bool = True, pack: int = 1) -> tuple[CompiledScenario, Plan]:
    stock = pd.DataFrame([("item", node, units) for node, units in STOCK.items()], columns=["product", "node", "units"])
    open_orders = pd.DataFrame(
        [("item", source, node, units, float(index)) for index, (source, node, units) in enumerate(OPEN)],
        columns=["product", "from", "to", "units", "arrives_day"],
    )
    compiled = planning_case(
        demand_of([("item", "town", 20.0)]),
        {("west", "town"): 1.0, ("east", "town"): 2.0},
        sites={"hub": {}},
        lanes=LANES,
        products={"item": {"unit_cost": 4.0, "weight_kg": 2.0}},
        supply=pd.DataFrame(
            [("item", "vendor", 3.0, 10, pack)], columns=["product", "vendor", "unit_cost", "minimum_order", "pack"]
        ),
        stock=stock if given_stock else None,
        open_orders=open_orders if given_stock else None,
        periods=2,
        period_days=1,
    )
    targets = np.array([[TARGETS[node] for node in compiled.names.nodes]])
    return compiled, replace(baseline_plans(compiled)["independent_newsvendor"], targets=targets)


def _orders(compiled: CompiledScenario, planned: Plan) -> dict[str, dict[str, Any]]:
    frame = orders_frame(planned, compiled)
    return {row["to"]: row for row in frame.to_dict("records")}


def test_orders_by_hand() -> None:
    compiled, planned = _case()
    orders = _orders(compiled, planned)
    assert set(orders) == {"west", "hub"}  # east holds its target
    # west: 10 on hand and 9 on the way, 11 short of 30, in packs of 4
    assert orders["west"] == {
        "kind": "transfer",
        "product": "item",
        "from": "hub",
        "to": "west",
        "units": 12,
        "release_day": 0,
        "position": 19.0,
        "target": 30.0,
        "cost": pytest.approx(12 * 0.2 * 2.0),
    }
    # hub: first review on day 1, in period 2; 35 on hand and 12 on order less 12 for west, 5 short of 40; at least 20
    assert orders["hub"] == {
        "kind": "buy",
        "product": "item",
        "from": "vendor",
        "to": "hub",
        "units": 24,
        "release_day": 1,
        "position": 35.0,
        "target": 40.0,
        "cost": pytest.approx(24 * (3.0 + 0.5)),
    }


def test_packs_of_vendor_and_lane_both_hold() -> None:
    compiled, planned = _case(pack=9)
    assert _orders(compiled, planned)["hub"]["units"] == 36  # at least 20, in multiples of 18


def test_transfers_lower_the_position_of_their_source() -> None:
    compiled, planned = _case()
    targets = planned.targets.copy()
    targets[0, compiled.names.nodes.index("east")] = 60.0
    orders = _orders(compiled, replace(planned, targets=targets))
    assert orders["east"]["units"] == 35
    assert orders["hub"]["position"] == 35 + 12 - 12 - 35
    assert orders["hub"]["units"] == 42  # 40 short, in packs of 6


def test_positions_at_or_above_target_order_nothing() -> None:
    compiled, planned = _case()
    assert orders_frame(replace(planned, targets=np.zeros_like(planned.targets)), compiled).empty


def test_without_stock_there_are_no_orders_but_the_columns_stay() -> None:
    compiled, planned = _case(given_stock=False)
    frame = orders_frame(planned, compiled)
    columns = ["kind", "product", "from", "to", "units", "release_day", "position", "target", "cost"]
    assert frame.empty
    assert frame.columns.tolist() == columns
