"""The compiled toy against what its file and tables say."""

from collections.abc import Iterator

import numpy as np
import pandas as pd
import pytest
from toy import TABLES, toy_scenario

from meio.network.compile import compile_scenario
from meio.network.compiled import DETERMINISTIC, GAMMA_LEAD_TIME, CompiledScenario


@pytest.fixture(scope="module")
def compiled() -> CompiledScenario:
    return compile_scenario(toy_scenario())


def _arrays(part: object) -> Iterator[np.ndarray]:
    if isinstance(part, np.ndarray):
        yield part
    elif isinstance(part, tuple):
        for inner in part:
            yield from _arrays(inner)


@pytest.mark.parametrize("distribution", ["negative_binomial", "empirical"])
def test_kernels_get_plain_arrays(distribution: str) -> None:
    table = TABLES["product_demand"].assign(value=3.0, probability=1.0)
    for array in _arrays(
        compile_scenario(toy_scenario({"product_demand": table}, demand={"distribution": distribution}))
    ):
        assert array.flags.c_contiguous
        assert array.flags.writeable
        assert array.dtype in (np.float64, np.int64, np.bool_)


def test_axes(compiled: CompiledScenario) -> None:
    assert compiled.names.nodes == ("hub", "north", "south", "city")
    assert compiled.names.vendors == ("mill",)
    assert compiled.names.lanes == (
        *("mill→hub", "mill→north", "hub→north"),
        *("hub→south", "hub→city", "north→city"),
    )
    assert compiled.nodes.echelon.tolist() == [2, 1, 0, 0]
    assert compiled.lanes.node_ptr.tolist() == [0, 1, 3, 4, 6]
    assert compiled.lanes.source_idx.tolist() == [4, 4, 0, 0, 0, 1]
    assert (compiled.start, compiled.first_weekday, compiled.num_periods) == ("2026-01-05", 0, 4)


def test_lanes_are_sorted_by_destination_then_as_written_and_parallel_ones_numbered() -> None:
    lanes = [
        {"from": source, "to": destination, "lead_time": {"mean": days}}
        for source, destination, days in [
            ("hub", "south", 5),
            ("mill", "hub", 3),
            ("hub", "south", 2),
            ("mill", "hub", 9),
        ]
    ]
    compiled = compile_scenario(toy_scenario(lanes=lanes))
    assert compiled.names.lanes == ("mill→hub", "mill→hub#2", "hub→south", "hub→south#2")
    assert compiled.lanes.lead_time_mean_days.tolist() == [3, 9, 5, 2]


def test_nodes(compiled: CompiledScenario) -> None:
    nodes = compiled.nodes
    assert nodes.stocks_type.tolist() == [[True, True], [True, True], [True, True], [True, False]]
    assert np.isinf(nodes.storage_m3[0]).all()
    assert nodes.storage_m3[1].tolist() == [[4, 4, 4, 4], [20, 20, 24, 20]]
    assert nodes.storage_m3[3].tolist() == [[0.5] * 4, [0] * 4]
    assert nodes.inbound_units_per_day[:, 0].tolist() == [np.inf, 100, np.inf, np.inf]
    assert nodes.outbound_units_per_day[2].tolist() == [80, 80, 100, 80]
    assert nodes.cutoff_minute[:, 0].tolist() == [600, 600, 720, 600]
    assert nodes.serves_customers.tolist() == [False, True, True, True]
    assert nodes.is_fulfilment_centre.tolist() == [False, True, True, False]
    assert nodes.holding_per_m3_day.tolist() == [0, 0, 0, 2]
    np.testing.assert_allclose(nodes.holding_of_unit_cost_per_day, 0.2 / 365)


def test_lanes(compiled: CompiledScenario) -> None:
    lanes = compiled.lanes
    assert lanes.lead_time_kind[[0, 2]].tolist() == [GAMMA_LEAD_TIME, DETERMINISTIC]
    assert lanes.lead_time_values[lanes.lead_time_ptr[5] : lanes.lead_time_ptr[6]].tolist() == [0.5, 1, 1, 2]
    assert lanes.review_every_days.tolist() == [7, 7, 1, 1, 1, 1]
    assert lanes.review_offset_days.tolist() == [0, 2, 0, 0, 0, 0]
    assert (lanes.minimum_order[1], lanes.pack[1]) == (24, 12)
    assert lanes.capacity_units_per_day[2].tolist() == [150] * 4
    assert np.isinf(np.delete(lanes.capacity_units_per_day, 2, axis=0)).all()


def test_products_and_suppliers() -> None:
    rows = [("*", "mill", np.nan, 1, 1), ("*", "loom", 2.0, 3, 2), ("kettle", "loom", np.nan, 10, 5)]
    supply = pd.DataFrame(rows, columns=TABLES["supply"].columns)
    loom = {"kind": "vendor", "lat": 40.0, "lon": -80.0}
    compiled = compile_scenario(toy_scenario({"supply": supply}, nodes={"loom": loom}))
    products = compiled.products
    assert compiled.names.vendors == ("mill", "loom")
    assert products.weight_class_idx.tolist() == [0, 0, 1, 2]
    assert products.storage_type_idx.tolist() == [0, 0, 0, 1]
    assert products.supply_ptr.tolist() == [0, 2, 4, 5, 7]
    assert products.supply_vendor_idx.tolist() == [0, 1, 0, 1, 1, 0, 1]
    assert products.supply_unit_cost.tolist() == [4, 2, 8, 2, 20, 250, 2]
    assert products.supply_minimum_order.tolist() == [1, 3, 1, 3, 10, 1, 3]
    assert products.supply_pack.tolist() == [1, 2, 1, 2, 5, 1, 2]


def test_penalties_add_a_share_of_the_price() -> None:
    speeds = {"two_day": {"lost": {"per_unit": 2.0, "of_price": 0.5}, "late": {"of_price": 0.1}}}
    penalties = compile_scenario(toy_scenario(speeds=speeds)).penalties
    np.testing.assert_allclose(penalties.lost[:, 1], [6.5, 9.5, 19.5, 212])
    np.testing.assert_allclose(penalties.late, np.outer([9, 15, 35, 420], [0, 0.1, 0]))
    np.testing.assert_allclose(penalties.backordered_per_day, np.outer(np.ones(4), [0, 0, 0.5]))


def test_no_stock_is_given(compiled: CompiledScenario) -> None:
    assert not compiled.stock.given
    assert not compiled.stock.on_hand.any()
    assert len(compiled.stock.order_units) == 0


def test_stock_and_open_orders() -> None:
    on_hand = pd.DataFrame([("kettle", "north", 5), ("mug", "city", 7)], columns=["product", "node", "units"])
    orders = [("sofa", "mill", "north", 4, 2.5), ("mug", "hub", "city", 30, 0.0)]
    open_orders = pd.DataFrame(orders, columns=["product", "from", "to", "units", "arrives_day"])
    compiled = compile_scenario(toy_scenario({"initial_stock": on_hand, "open_orders": open_orders}))
    stock = compiled.stock
    expected = np.zeros((4, 4))
    expected[2, 1], expected[0, 3] = 5, 7
    assert stock.given
    np.testing.assert_array_equal(stock.on_hand, expected)
    assert stock.order_product_idx.tolist() == [3, 0]
    assert [compiled.names.lanes[a] for a in stock.order_lane_idx] == ["mill→north", "hub→city"]
    assert (stock.order_units.tolist(), stock.order_arrives_day.tolist()) == ([4, 30], [2.5, 0.0])
