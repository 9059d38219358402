"""The promise rule against a day-by-day walk through the calendar and the rate card."""

import math
from itertools import product as every

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from toy import FILE, TABLES, toy_scenario

from meio.network.compile import compile_scenario
from meio.network.model import ALL_WEEK, Scenario
from meio.network.promise import unreachable

Offer = tuple[float, float]
NO_OFFER = (math.inf, math.inf)


def _random_scenario(seed: int) -> Scenario:
    """The toy with random calendars, bands, transit days and a rate card full of holes and ties."""
    random = np.random.default_rng(seed)
    nodes = {
        name: {"ship_days": [str(day) for day in random.permutation(ALL_WEEK)[: random.integers(1, 8)]]}
        for name in ("hub", "north", "south", "city")
    }
    services = {
        name: {
            "transit_days": [float(days) for days in random.choice([0.25, 1, 2, 3], random.integers(1, 4))],
            "nodes": at,
        }
        for name, at in (("courier", ["city", "hub"]), ("parcel", None), ("economy", ["north", "city"]))
    }
    cells = [cell for cell in every(services, (1, 2, 3), (0.5, 2.0, 20.0)) if random.random() < 0.7]
    cells += [("parcel", band, 20.0) for band in (1, 2, 3) if ("parcel", band, 20.0) not in cells]
    rates = pd.DataFrame(cells, columns=["service", "band", "max_weight_kg"]).assign(
        cost=random.integers(3, 7, len(cells)).astype(float)
    )
    return toy_scenario(
        {"rates": rates}, nodes=nodes, outbound={"distance_bands_km": [40.0, 90.0], "services": services}
    )


def _kilometres(scenario: Scenario, node_name: str, zone: pd.Series) -> float:
    node = scenario.file.nodes[node_name]
    phi, other = math.radians(node.lat), math.radians(zone["lat"])
    dlambda = math.radians(node.lon - zone["lon"])
    cosine = math.sin(phi) * math.sin(other) + math.cos(phi) * math.cos(other) * math.cos(dlambda)
    return 6371.0088 * math.acos(cosine)


def _offers(scenario: Scenario, node_name: str, zone: pd.Series, weight_kg: float) -> list[Offer]:
    """(cost, transit days) of each service that takes the weight from the node to the zone."""
    outbound, rates = scenario.file.outbound, scenario.tables["rates"]
    band = 1 + sum(_kilometres(scenario, node_name, zone) > bound for bound in outbound.distance_bands_km or [])
    found = []
    for name, service in (outbound.services or {}).items():
        fits = rates[(rates["service"] == name) & (rates["band"] == band) & (rates["max_weight_kg"] >= weight_kg)]
        at_node = node_name in service.nodes if service.nodes else True
        if (
            at_node
            and scenario.file.nodes[node_name].serves_customers
            and band <= len(service.transit_days)
            and len(fits)
        ):
            found.append((fits.sort_values("max_weight_kg")["cost"].iloc[0], service.transit_days[band - 1]))
    return found


def _days_until_shipped(scenario: Scenario, node_name: str, weekday: int, missed_cutoff: bool) -> int:
    day = weekday + missed_cutoff
    while ALL_WEEK[day % 7] not in scenario.file.nodes[node_name].ship_days:
        day += 1
    return day - weekday


@settings(max_examples=30)
@given(st.integers(0, 2**32 - 1))
def test_every_order_day_against_the_rule(seed: int) -> None:
    scenario = _random_scenario(seed)
    compiled = compile_scenario(scenario)
    names, products, outbound = compiled.names, scenario.tables["products"], compiled.outbound
    for (p, product), (z, zone), (n, name) in every(
        products.iterrows(), scenario.tables["zones"].iterrows(), enumerate(names.nodes)
    ):
        weight_class = compiled.products.weight_class_idx[p]
        offers = _offers(scenario, name, zone, product["weight_kg"])
        late = outbound.late_cost[weight_class, n, z], outbound.late_transit_days[weight_class, n, z]
        assert late == min(offers, default=NO_OFFER)
        for weekday, missed, (s, speed) in every(range(7), (0, 1), enumerate(scenario.file.speeds.values())):
            delay = compiled.nodes.ship_delay_days[n, weekday, missed]
            assert delay == _days_until_shipped(scenario, name, weekday, bool(missed))
            in_time = [offer for offer in offers if delay + offer[1] <= speed.promise + 1e-9]
            cell = (weight_class, s, delay, n, z)
            assert (outbound.cost[cell], outbound.transit_days[cell]) == min(in_time, default=NO_OFFER)


def test_delays_cover_the_longest_closure() -> None:
    assert compile_scenario(toy_scenario(nodes={"north": {"ship_days": ["tue"]}})).outbound.cost.shape[2] == 8
    always_open = {name: {"ship_days": list(ALL_WEEK)} for name in ("hub", "north", "south", "city")}
    assert compile_scenario(toy_scenario(nodes=always_open)).outbound.cost.shape[2] == 2


def test_a_whole_outbound_table_means_the_same_as_the_services_it_spells_out() -> None:
    computed = toy_scenario()
    limits = sorted(TABLES["rates"]["max_weight_kg"].unique())
    services = FILE["outbound"]["services"]
    rows = []
    for (_, zone), name, limit, service in every(
        TABLES["zones"].iterrows(), ("north", "south", "city"), limits, services
    ):
        alone = toy_scenario(
            {"rates": TABLES["rates"].query("service == @service")},
            outbound={"services": {other: None for other in services if other != service}},
        )
        rows += [(service, name, zone["zone"], limit, days, cost) for cost, days in _offers(alone, name, zone, limit)]
    columns = ["service", "node", "zone", "max_weight_kg", "transit_days", "cost"]
    whole = toy_scenario(
        {"rates": None, "outbound": pd.DataFrame(rows, columns=columns)},
        outbound={"table": "outbound.csv", "distance_bands_km": None, "services": None, "rates": None},
    )
    one, other = compile_scenario(computed).outbound, compile_scenario(whole).outbound
    assert other.distance_bands_km.tolist() == []  # a table names none; only the simulator's measures ask for them
    other = other._replace(distance_bands_km=one.distance_bands_km)
    for found, expected in zip(other, one, strict=True):
        np.testing.assert_array_equal(found, expected)


def test_every_toy_customer_can_be_reached() -> None:
    assert unreachable(toy_scenario()) == []


def test_without_a_node_nearby_a_fast_speed_is_out_of_reach() -> None:
    assert unreachable(toy_scenario(nodes={"south": {"ships_to_customers": False}})) == [("philadelphia", "same_day")]


def test_out_of_reach_matters_only_with_demand() -> None:
    no_same_day = TABLES["speed_mix"].assign(
        share=TABLES["speed_mix"]["share"].where(TABLES["speed_mix"]["speed"] != "same_day", 0)
    )
    far = {"nodes": {"south": {"ships_to_customers": False}}}
    assert unreachable(toy_scenario({"speed_mix": no_same_day}, **far)) == []
    rows = [("mug", "philadelphia", "same_day", "*", 0.0), ("mug", "new_york", "same_day", "*", 3.0)]
    demand = pd.DataFrame(rows, columns=["product", "zone", "speed", "period", "mean"])
    section = {"distribution": "poisson", "whole": "demand.csv", "products": None, "zone_mix": None, "speed_mix": None}
    assert unreachable(toy_scenario({"demand": demand}, demand=section, **far)) == []
    demand["mean"] = 1.0
    assert unreachable(toy_scenario({"demand": demand}, demand=section, **far)) == [("philadelphia", "same_day")]


def test_no_offer_is_heavy_enough() -> None:
    heavy = TABLES["products"].assign(weight_kg=[0.4, 20.5, 1.8, 18.0])
    with pytest.raises(ValueError, match=r"^product book weighs more than the 20 kg that outbound services carry$"):
        compile_scenario(toy_scenario({"products": heavy}))


def test_distance_bands_are_kept_for_the_measures() -> None:
    assert compile_scenario(toy_scenario()).outbound.distance_bands_km.tolist() == [60.0, 100.0]
