"""Landed cost and usable lanes against every path from a vendor, on random networks."""

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st
from toy import FILE, TABLES, toy_scenario

from meio.network.compile import compile_scenario
from meio.network.model import Lane, Scenario
from meio.network.supply import end_value, landed_cost, lane_unit_cost, usable_lanes


def _random_scenario(seed: int) -> Scenario:
    """Two vendors and five sites that stock some types, joined by random lanes, with random suppliers."""
    random = np.random.default_rng(seed)
    site = {"lat": 0.0, "lon": 0.0}
    nodes = {name: site | {"kind": "vendor"} for name in ("near", "far")}
    for name in "abcde":
        stocked = {kind: 1.0 for kind in FILE["storage_types"] if random.random() < 0.7}
        nodes[name] = site | {"kind": "fulfilment_centre", "storage_m3": stocked}
    pairs = [("near", "a"), ("far", "b"), *zip("aabbcdc", "cdcedee", strict=True)]
    lanes = [_lane(random, *pair) for pair in random.permutation([pair for pair in pairs if random.random() < 0.8])]
    sold = [(product, vendor) for product in ("mug", "kettle", "sofa") for vendor in ("near", "far")]
    sold = [("*", "far"), *(pair for pair in sold if random.random() < 0.5)]
    supply = pd.DataFrame(sold, columns=["product", "vendor"])
    supply = supply.assign(unit_cost=random.choice([1.0, 3.0, np.nan], len(supply)), minimum_order=1, pack=1)
    return toy_scenario({"supply": supply}, nodes=dict.fromkeys(FILE["nodes"]) | nodes, lanes=lanes)


def _lane(random: np.random.Generator, source: str, destination: str) -> dict[str, object]:
    cost = dict(zip(("per_unit", "per_kg", "per_m3"), random.random(3), strict=True))
    return {"from": source, "to": destination, "lead_time": {"mean": 1}, "cost": cost}


class _Paths:
    """All ways to have a unit of one product somewhere, read from the scenario, not from arrays."""

    def __init__(self, scenario: Scenario, product: pd.Series) -> None:
        self.product, self.file = product, scenario.file
        supply = scenario.tables["supply"]
        own = supply[supply["product"] == product["product"]]
        offered = own if len(own) else supply[supply["product"] == "*"]
        self.price = {
            row.vendor: product["unit_cost"] if np.isnan(row.unit_cost) else row.unit_cost
            for row in offered.itertuples()
        }

    def transport(self, lane: Lane) -> float:
        weight, volume = self.product["weight_kg"], self.product["volume_m3"]
        return lane.cost.per_unit + lane.cost.per_kg * weight + lane.cost.per_m3 * volume

    def costs_on(self, lane: Lane) -> list[float]:
        if self.product["storage_type"] not in self.file.nodes[lane.destination].storage_m3:
            return []
        return [cost + self.transport(lane) for cost in self.costs_at(lane.source)]

    def costs_at(self, name: str) -> list[float]:
        if self.file.nodes[name].kind == "vendor":
            return [self.price[name]] if name in self.price else []
        return [cost for lane in self.file.lanes if lane.destination == name for cost in self.costs_on(lane)]


@given(st.integers(0, 2**32 - 1))
def test_every_path_from_a_vendor(seed: int) -> None:
    scenario = _random_scenario(seed)
    compiled = compile_scenario(scenario)
    names, landed, usable, unit_cost = (
        compiled.names,
        landed_cost(compiled),
        usable_lanes(compiled),
        lane_unit_cost(compiled),
    )
    for p, (_, product) in enumerate(TABLES["products"].iterrows()):
        paths = _Paths(scenario, product)
        expected = np.array([min(paths.costs_at(name), default=np.inf) for name in names.nodes])
        np.testing.assert_allclose(landed[p], expected, rtol=1e-12)
        counted = np.where(np.isfinite(expected), expected, compiled.products.unit_cost[p])
        np.testing.assert_allclose(end_value(compiled)[p], compiled.costs.end_stock_value * counted, rtol=1e-12)
        for lane in scenario.file.lanes:
            a = names.lanes.index(f"{lane.source}→{lane.destination}")
            assert usable[p, a] == bool(paths.costs_on(lane))
            np.testing.assert_allclose(unit_cost[p, a], paths.transport(lane))
