"""Every kind of mistake in a scenario's YAML, each with its exact message."""
# ruff: noqa: E501 (messages are compared whole)

from __future__ import annotations

from pathlib import Path

import pytest
from scenario_files import QUICKSTART, edited, problems_of

Edits = tuple[tuple[str, str], ...]
Cases = dict[str, tuple[Edits, list[str]]]


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


KEYS_AND_VALUES: Cases = {
    "misspelt key": (
        (("periods: 13", "perods: 13"),),
        [
            "s.yaml:4:1: horizon.periods: found nothing, expected the key periods (number of planning periods)",
            "s.yaml:4:30: horizon.perods: found an unknown key, expected one of start, periods, period_days, warm_up_days, time_zone, hourly_profile; did you mean 'periods'?",
        ],
    ),
    "unit of another kind": (
        (("cost: {per_m3: 40}", "cost: {per_l: 40}"),),
        [
            "s.yaml:18:87: lanes.0.cost.per_l: found an unknown key, expected one of per_unit, per_kg, per_m3; did you mean 'per_m3'?"
        ],
    ),
    "misspelt section": (
        (("demand:  ", "demnad:  "),),
        [
            "s.yaml:3:1: demand: found nothing, expected the key demand (random demand)",
            "s.yaml:47:1: demnad: found an unknown key, expected one of name, description, extends, horizon, storage_types, nodes, lanes, zones, speeds, outbound, products, supply, initial_stock, open_orders, demand, costs, planning, simulation; did you mean 'demand'?",
        ],
    ),
    "broken number of periods": (
        (("periods: 13", "periods: 12.5"),),
        ["s.yaml:4:39: horizon.periods: found 12.5, expected a whole number"],
    ),
    "negative number of periods": (
        (("periods: 13", "periods: -1"),),
        ["s.yaml:4:39: horizon.periods: found -1, expected a whole number of at least 1"],
    ),
    "truth for a number": (
        (("periods: 13", "periods: true"),),
        [
            "s.yaml:4:39: horizon.periods: found true, expected another kind of value (number of planning periods)",
            "s.yaml:54:32: demand.products.4.period: found 9, expected a period from 1 to 1, or '*'",
        ],
    ),
    "date": (
        (("2025-01-06", "2025-13-06"),),
        ["s.yaml:4:18: horizon.start: found '2025-13-06', expected a date such as 2025-01-06"],
    ),
    "unknown unit": (
        (("promise: 4 d", "promise: 2 fortnights"),),
        [
            "s.yaml:28:23: speeds.standard.promise: found '2 fortnights', expected a duration such as '2 d', '12 h', '90 min' or '3 w'"
        ],
    ),
    "clock without minutes": (
        (('"15:00"', "15h"),),
        ["s.yaml:27:35: speeds.express.cutoff: found '15h', expected a clock time between '00:00' and '24:00'"],
    ),
    "clock beyond the day": (
        (('"15:00"', '"25:00"'),),
        ["s.yaml:27:35: speeds.express.cutoff: found '25:00', expected a clock time between '00:00' and '24:00'"],
    ),
    "kind of node": (
        (("kind: vendor", "kind: vendr"),),
        [
            "s.yaml:7:16: nodes.MILL.kind: found 'vendr', expected 'vendor', 'distribution_centre', 'fulfilment_centre' or 'same_day_site'; did you mean 'vendor'?"
        ],
    ),
    "word unlike any": (
        (("when_unserved: late", "when_unserved: delayed"),),
        ["s.yaml:28:60: speeds.standard.when_unserved: found 'delayed', expected 'lost', 'late' or 'backordered'"],
    ),
    "unlimited": (
        (("standard: unlimited", "standard: unlimitd"),),
        [
            "s.yaml:8:85: nodes.DC.storage_m3.standard: found 'unlimitd', expected a number, a list or 'unlimited'; did you mean 'unlimited'?"
        ],
    ),
    "negative storage": (
        (("{standard: 3}", "{standard: -4}"),),
        [
            "s.yaml:13:28: nodes.FC.storage_m3.standard: found -4, expected a number of at least 0, a list or 'unlimited'"
        ],
    ),
    "storage without types": (
        (("{standard: 3}", "4"),),
        ["s.yaml:13:17: nodes.FC.storage_m3: found 4, expected a mapping of names"],
    ),
    "negative cost": (
        (("per_m3: 40", "per_m3: -40"),),
        ["s.yaml:18:95: lanes.0.cost.per_m3: found -40, expected a number of at least 0"],
    ),
    "infinite cost": (
        (("per_m3: 40", "per_m3: .inf"),),
        ["s.yaml:18:95: lanes.0.cost.per_m3: found inf, expected a finite number"],
    ),
    "latitude": (
        (("lat: 35.05", "lat: 135.05"),),
        ["s.yaml:7:29: nodes.MILL.lat: found 135.05, expected a number of at most 90"],
    ),
    "lead time without cv": (
        (("mean: 2 w, cv: 0.3", "mean: 2 w"),),
        [
            "s.yaml:18:37: lanes.0.lead_time: found the keys distribution, mean, expected cv and mean for a gamma lead time"
        ],
    ),
    "distribution of a lead time": (
        (("distribution: gamma, mean", "distribution: gama, mean"),),
        [
            "s.yaml:18:52: lanes.0.lead_time.distribution: found 'gama', expected 'deterministic', 'gamma', 'lognormal' or 'empirical'; did you mean 'gamma'?"
        ],
    ),
    "number for a name": ((("name: quickstart", "name: 3"),), ["s.yaml:3:7: name: found 3, expected a text"]),
    "number for a list": (
        (("[100, 500]", "100"),),
        ["s.yaml:31:22: outbound.distance_bands_km: found 100, expected a list"],
    ),
    "empty list": (
        (("transit_days: [1, 1]", "transit_days: []"),),
        ["s.yaml:32:34: outbound.services.air.transit_days: found 0 entries, expected at least 1"],
    ),
    "profile of two hours": (
        (("time_zone", "hourly_profile: [1, 2], time_zone"),),
        ["s.yaml:4:59: horizon.hourly_profile: found 2 entries, expected at least 24"],
    ),
    "weekday": (
        (("kind: fulfilment_centre", "kind: fulfilment_centre\n    ship_days: [mon, tus]"),),
        [
            "s.yaml:11:22: nodes.FC.ship_days.1: found 'tus', expected 'mon', 'tue', 'wed', 'thu', 'fri', 'sat' or 'sun'; did you mean 'tue'?"
        ],
    ),
    "half of a rate card": (
        (("  distance_bands_km: [100, 500]\n", ""),),
        [
            "s.yaml:31:3: outbound: found the keys services, rates, expected either table, or distance_bands_km with services and rates"
        ],
    ),
    "time zone": (
        (("America/New_York", "America/New_Yrk"),),
        [
            "s.yaml:4:54: horizon.time_zone: found 'America/New_Yrk', expected an IANA time zone such as America/New_York; did you mean 'America/New_York'?"
        ],
    ),
}

YAML: Cases = {
    "duplicate key": (
        (("nodes:\n", "nodes:\n  FC: {kind: vendor, lat: 3, lon: 2}\n"),),
        [
            "s.yaml:6:1: nodes: found no node that serves customers, expected at least one fulfilment centre, same-day site or node with ships_to_customers: true",
            "s.yaml:10:3: nodes.FC: found the key a second time (first in line 7), expected each key once",
            "s.yaml:21:20: lanes.1.to: found 'FC', a vendor, expected DC",
        ],
    ),
    "tag that would run a program": (
        (("name: quickstart", "name: !!python/object/apply:os.system [ls]"),),
        [
            "s.yaml:3:7: name: found the tag tag:yaml.org,2002:python/object/apply:os.system, expected a value without a tag"
        ],
    ),
    "unknown tag": (
        (("lat: 35.05", "lat: !degrees 35.05"),),
        ["s.yaml:7:29: nodes.MILL.lat: found the tag !degrees, expected a value without a tag"],
    ),
    "alias inside itself": (
        (("[100, 500]", "&a [*a]"),),
        ["s.yaml:1:1: scenario: found values nested too deeply, expected a few levels, and no alias inside itself"],
    ),
    "syntax": (
        (("[100, 500]", "[100, 500"),),
        [
            "s.yaml:32:11: scenario: found a syntax error (expected ',' or ']', but got ':' while parsing a flow sequence), expected valid YAML"
        ],
    ),
    "tab": (
        (("nodes:\n", "nodes:\n\t"),),
        [
            "s.yaml:7:1: scenario: found a syntax error (found character '\\t' that cannot start any token while scanning for the next token), expected valid YAML"
        ],
    ),
    "row that is none": (
        (("  - {zone: New York, lat: 40.71, lon: -74.01, population: 19500000}", "  - New York"),),
        ["s.yaml:23:5: zones.0: found 'New York', expected a row: a mapping from column to value"],
    ),
}


ALL = {**KEYS_AND_VALUES, **YAML}


def test_quickstart_has_no_problem():
    assert problems_of(QUICKSTART) == []


@pytest.mark.parametrize(("edits", "expected"), ALL.values(), ids=ALL.keys())
def test_message(edits: Edits, expected: list[str]):
    assert problems_of(edited(*edits)) == expected


def test_all_problems_come_in_one_report_in_the_order_of_the_file():
    edits = (
        ("periods: 13", "periods: 13, perods: 3"),
        ("{standard: 3}", "{standrd: 4}"),
        ("from: DC, to: FC", "from: DX, to: FC"),
        ("promise: 4 d", "promise: 2 fortnights"),
        ("cost: 4.5", "cost: -4.5"),
        ("price: 35", "price: cheap"),
        ("vendor: MILL, pack", "vendor: MIL, pack"),
        ("product: mug, period", "product: mgu, period"),
        ("share: 0.3", "share: 0.4"),
    )
    found = problems_of(edited(*edits))
    lines = [int(problem.split(":")[1]) for problem in found]
    assert lines == [4, 13, 20, 28, 34, 41, 42, 45, 52, 56]  # 42: then nobody wants a mug


def test_a_mistake_in_a_node_is_reported_once():
    """What would follow from it, such as lanes to a node that could not be read, is not."""
    assert problems_of(edited(("kind: fulfilment_centre", "kind: fulfilment_center"))) == [
        "s.yaml:10:11: nodes.FC.kind: found 'fulfilment_center', expected 'vendor', 'distribution_centre', 'fulfilment_centre' or 'same_day_site'; did you mean 'fulfilment_centre'?"
    ]
