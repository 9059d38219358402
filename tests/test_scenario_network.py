"""Every kind of mistake in a network and its services, each with its exact message."""
# ruff: noqa: E501 (messages are compared whole)

from __future__ import annotations

from pathlib import Path

import pytest
from scenario_files import edited, problems_of

Edits = tuple[tuple[str, str], ...]
Cases = dict[str, tuple[Edits, list[str]]]


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


NETWORK: Cases = {
    "lane from nowhere": (
        (("from: DC, to: FC", "from: DX, to: FC"),),
        ["s.yaml:20:12: lanes.1.from: found 'DX', expected one of MILL, DC, FC"],
    ),
    "lane from a misspelt vendor": (
        (("from: MILL, to: DC", "from: MIL, to: DC"),),
        ["s.yaml:18:12: lanes.0.from: found 'MIL', expected one of MILL, DC, FC; did you mean 'MILL'?"],
    ),
    "lane into a vendor": (
        (("from: DC, to: FC", "from: DC, to: MILL"),),
        ["s.yaml:20:20: lanes.1.to: found 'MILL', a vendor, expected one of DC, FC"],
    ),
    "lane to itself": (
        (("from: DC, to: FC", "from: FC, to: FC"),),
        ["s.yaml:20:20: lanes.1.to: found 'FC' on both ends, expected two different nodes"],
    ),
    "same lane twice": (
        (
            (
                "  - {from: DC, to: FC, lead_time: {mean: 2 d}",
                "  - {from: DC, to: FC, lead_time: {mean: 2 d}, cost: {per_unit: 0.15, per_kg: 0.05}}\n  - {from: DC, to: FC, lead_time: {mean: 2 d}",
            ),
        ),
        ["s.yaml:21:5: lanes.2: found the same lane from DC to FC as lanes.1, expected each lane once"],
    ),
    "cycle": (
        (
            (
                "  - {from: DC, to: FC, lead_time: {mean: 2 d}",
                "  - {from: FC, to: DC, lead_time: {mean: 2 d}}\n  - {from: DC, to: FC, lead_time: {mean: 2 d}",
            ),
        ),
        ["s.yaml:21:5: lanes.2: found the cycle DC → FC → DC, expected lanes that never lead back"],
    ),
    "no vendor reaches": (
        (("  - {from: DC, to: FC, lead_time: {mean: 2 d}", "  - {from: MILL, to: DC, lead_time: {mean: 2 d}"),),
        ["s.yaml:9:3: nodes.FC: found a node that no vendor reaches, expected lanes that lead to it from a vendor"],
    ),
    "unknown storage type": (
        (("{standard: 3}", "{standrd: 4}"),),
        [
            "s.yaml:13:18: nodes.FC.storage_m3.standrd: found the unknown storage type 'standrd', expected standard; did you mean 'standard'?"
        ],
    ),
    "cut-off of an unknown speed": (
        (('express: "12:00"', 'expres: "12:00"'),),
        [
            "s.yaml:15:14: nodes.FC.cutoff.expres: found the unknown speed 'expres', expected one of express, standard; did you mean 'express'?"
        ],
    ),
    "storage for two periods": (
        (("{standard: 3}", "{standard: [4, 3]}"),),
        ["s.yaml:13:28: nodes.FC.storage_m3.standard: found 2 numbers, expected one number, or 13 (one a period)"],
    ),
    "lane capacity for two periods": (
        (
            (
                "  - {from: DC, to: FC, lead_time: {mean: 2 d}",
                "  - {from: DC, to: FC, lead_time: {mean: 2 d}, capacity_units_per_day: [1, 2]",
            ),
        ),
        ["s.yaml:20:72: lanes.1.capacity_units_per_day: found 2 numbers, expected one number, or 13 (one a period)"],
    ),
    "review in the middle of a day": (
        (("every: 1 w", "every: 36 h"),),
        ["s.yaml:19:22: lanes.0.review.every: found '36 h', expected whole days, or 0 for an order at each demand"],
    ),
    "review several times a day": (
        (("every: 1 w", "every: 2 h"),),
        ["s.yaml:19:22: lanes.0.review.every: found '2 h', expected whole days, or 0 for an order at each demand"],
    ),
    "storage type twice": (
        (("horizon:", "storage_types: [standard, standard]\nhorizon:"),),
        ["s.yaml:4:27: storage_types.1: found 'standard' a second time, expected each storage type once"],
    ),
    "capacity of a vendor": (
        (("kind: vendor,", "kind: vendor, inbound_units_per_day: 3,"),),
        [
            "s.yaml:7:24: nodes.MILL.inbound_units_per_day: found a key of stocking nodes, expected only kind, lat, lon for a vendor"
        ],
    ),
    "no storage": (
        (("    storage_m3: {standard: 3}", "    #"),),
        ["s.yaml:9:3: nodes.FC.storage_m3: found nothing, expected m³ or 'unlimited' for at least one storage type"],
    ),
    "nobody serves customers": (
        (("kind: fulfilment_centre", "kind: distribution_centre"),),
        [
            "s.yaml:6:1: nodes: found no node that serves customers, expected at least one fulfilment centre, same-day site or node with ships_to_customers: true"
        ],
    ),
}

SERVICE_AND_DEMAND: Cases = {
    "no hour with orders": (
        (
            (
                "time_zone",
                "hourly_profile: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], time_zone",
            ),
        ),
        ["s.yaml:4:59: horizon.hourly_profile: found 24 zeros, expected at least one hour with orders"],
    ),
    "service of unknown nodes": (
        (("transit_days: [1, 2]", "transit_days: [1, 2], nodes: [FX, DC]"),),
        [
            "s.yaml:32:82: outbound.services.ground.nodes.0: found 'FX', expected FC",
            "s.yaml:32:86: outbound.services.ground.nodes.1: found 'DC', which serves no customers, expected FC",
        ],
    ),
    "bands not ascending": (
        (("[100, 500]", "[500, 100]"),),
        ["s.yaml:31:28: outbound.distance_bands_km.1: found 100, expected more than 500, the band before"],
    ),
    "service beyond the last band": (
        (("transit_days: [1, 2]", "transit_days: [1, 2, 3, 4]"),),
        [
            "s.yaml:32:66: outbound.services.ground.transit_days: found 4 bands, expected at most 3, one more than distance_bands_km",
            "s.yaml:32:66: outbound.services.ground.transit_days: found no rate for band 3, expected a row in the table rates for every band",
        ],
    ),
    "zone out of reach": (
        (("transit_days: [1, 1]", "transit_days: [1, 3]"),),
        [
            "s.yaml:24:12: zones.1.zone: found 'Boston' out of reach at speed 'express', expected a node that serves it within the promise of 1 d"
        ],
    ),
    "no speed mix": (
        (("  speed_mix: [{group: all, speed: express, share: 0.3}, {group: all, speed: standard, share: 0.7}]\n", ""),),
        ["s.yaml:47:1: demand.speed_mix: found nothing, with 2 speeds, expected a table speed_mix"],
    ),
    "nobody lives": (
        (("19500000", "0"), ("4900000", "0")),
        ["s.yaml:23:47: zones.population: found 0 in every zone, expected people, or a table zone_mix"],
    ),
}

ALL = {**NETWORK, **SERVICE_AND_DEMAND}


@pytest.mark.parametrize(("edits", "expected"), ALL.values(), ids=ALL.keys())
def test_message(edits: Edits, expected: list[str]):
    assert problems_of(edited(*edits)) == expected
