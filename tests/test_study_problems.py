"""What is wrong with a study is said with its place, what was found and what was expected."""

from __future__ import annotations

import pandas as pd
import pytest
from study_cases import problems_of_variant, write_quickstart, write_toy

import meio as library
from meio.network.problems import ScenarioError
from meio.studies.edits import scenario_of
from meio.studies.expansion import variants_of
from meio.studies.reading import read_study

HEAD = "name: s\nbase: scenario.yaml\n"


@pytest.fixture(autouse=True)
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_quickstart(tmp_path)


def problems(text):
    """Problems of a study, or of its only variant, without the closing count."""
    with open("study.yaml", "w", encoding="utf-8") as file:  # noqa: PTH123 - as a user's editor would
        file.write(text)
    try:
        given = read_study("study.yaml")
        scenario_of(given, variants_of(given)[-1])
    except ScenarioError as error:
        return str(error).splitlines()[:-1]
    return []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("- a\n", "study.yaml:1:1: study: found a list, expected a mapping with the keys of a study"),
        ("name: s\n", "study.yaml:1:1: base: found nothing, expected the key base (the scenario file that varies)"),
        ("name: s\nbase: nope.yaml\n", "study.yaml:2:7: base: found 'nope.yaml', expected the path of a scenario file"),
        (
            HEAD + "replicatons: 4\n",
            "study.yaml:3:1: replicatons: found an unknown key, expected one of name, description, base, set,",
        ),
        (HEAD + "replications: 1\n", "study.yaml:3:15: replications: found 1, expected a whole number of at least 2"),
        (HEAD + "precision: 2\n", "study.yaml:3:12: precision: found 2, expected a number below 1"),
        (HEAD + "seed: true\n", "study.yaml:3:7: seed: found true, expected another kind of value"),
        (
            HEAD + "policies: [pricd]\n",
            "study.yaml:3:12: policies.0: found 'pricd', expected 'nearest', 'priced', 'reserve' or 'batch';",
        ),
        (
            HEAD + "variations: [{plan: base}]\n",
            "study.yaml:3:14: variations.0: found the keys plan, expected exactly one of name, grid, one_at_a_time",
        ),
        (
            HEAD + "variations: [{name: a, grid: {x: [1]}}]\n",
            "study.yaml:3:14: variations.0: found the keys name, grid, expected exactly one of",
        ),
        (
            HEAD + "variations:\n  - name: a\n    capacities: [{node: FC, factor: -1}]\n",
            "study.yaml:5:37: variations.0.capacities.0.factor: found -1, expected a number of at least 0",
        ),
        (
            HEAD + "variations:\n  - name: a\n    capacities: [{factor: 2}]\n",
            "study.yaml:5:18: variations.0.capacities.0: found the keys factor, expected exactly one of node and lane",
        ),
        (
            HEAD + "variations:\n  - name: a\n    lead_times: [{from: MILL}]\n",
            "study.yaml:5:18: variations.0.lead_times.0: found the keys from, expected exactly one of plus and factor",
        ),
        (
            HEAD + "variations:\n  - name: a\n    node: {close: [FC]}\n",
            "study.yaml:5:5: variations.0.node: found an unknown key, expected one of set, nodes, lanes, speeds,",
        ),
        (
            HEAD + "variations:\n  - name: a\n    nodes: {open: {F2: {services: ground}}}\n",
            "study.yaml:5:35: variations.0.nodes.open.F2.services: found 'ground', expected a list",
        ),
        (
            HEAD + "variations: [{name: a}, {name: a}]\n",
            "study.yaml:3:25: variations: found the name 'a' twice, expected a name of its own",
        ),
        (HEAD + "variations: [{name: base}]\n", "study.yaml:3:14: variations: found the name 'base' twice"),
        (
            HEAD + "variations: [{table: [{nodes.FC.lat: 4}]}]\n",
            "study.yaml:3:22: variations.0.table: found no column 'variant', expected a column variant",
        ),
        (
            HEAD + "variations: [{table: lost.csv}]\n",
            "study.yaml:3:22: variations.0.table: found 'lost.csv', no such file, expected a list of rows, or the path",
        ),
    ],
)
def test_of_the_study(text, expected):
    found = problems(text)
    assert len(found) == 1
    assert found[0].startswith(expected)


def one(change):
    return f"{HEAD}variations:\n  - name: v\n    {change}\n"


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (
            "set: {nodes.FC.storage.standard: 4}",
            "study.yaml:5:11: nodes.FC.storage.standard: found 'storage', expected one of",
        ),
        (
            "set: {nodes.FC.storage_m3.standard: -4}",
            "study.yaml:5:41: nodes.FC.storage_m3.standard: found -4, expected",
        ),
        ("set: {extends: other.yaml}", "study.yaml:5:11: set: found 'extends', expected a path other than extends"),
        (
            "nodes: {close: [FCC]}",
            "study.yaml:5:21: nodes.close: found 'FCC', expected one of MILL, DC, FC; did you mean 'FC'?",
        ),
        (
            "nodes: {open: {FC: {kind: vendor, lat: 1, lon: 1}}}",
            "study.yaml:5:20: nodes.open: found 'FC', which the scenario has already, expected a new name, or alter",
        ),
        (
            "nodes: {open: {F2: {kind: vendor, lon: 1}}}",
            "study.yaml:5:20: nodes.F2.lat: found nothing, expected the key lat (degrees north)",
        ),
        (
            "nodes: {open: {F2: {kind: vendor, lat: 1, lon: 1, services: [sea]}}}",
            "study.yaml:5:66: outbound.services: found 'sea', expected one of air, ground",
        ),
        (
            "nodes: {alter: {FX: {lat: 1}}}",
            "study.yaml:5:21: nodes.FX: found 'FX', expected one of MILL, DC, FC",
        ),
        (
            "lanes: {close: [{from: DC, to: MILL}]}",
            "study.yaml:5:21: lanes: found no lane DC→MILL, expected one of MILL→DC, DC→FC",
        ),
        (
            "lead_times: [{from: FC, plus: 1 d}]",
            "study.yaml:5:18: lanes: found no lane FC, expected one of MILL→DC, DC→FC",
        ),
        (
            "speeds: {sameday: {promise: 1}}",
            "study.yaml:5:14: speeds.sameday: found 'sameday', expected one of express,",
        ),
        (
            "capacities: [{node: XX, factor: 2}]",
            "study.yaml:5:25: capacities.node: found 'XX', expected one of MILL, DC, FC",
        ),
        (
            "capacities: [{node: FC, resource: outbound, factor: 2}]",
            "study.yaml:5:18: capacities: found FC, whose outbound has no limit, expected a capacity with a limit",
        ),
        (
            "capacities: [{lane: {from: DC, to: FC}, factor: 2}]",
            "study.yaml:5:18: capacities: found a lane without a limit, expected a lane with capacity_units_per_day",
        ),
        (
            "capacities: [{node: FC, factor: 2, periods: [14]}]",
            "study.yaml:5:49: capacities.periods: found 14, expected at most 13 periods",
        ),
        (
            "demand: [{factor: 2, zones: [Bostn]}]",
            "study.yaml:5:34: demand.zones.0: found 'Bostn', expected one of New York, Boston; did you mean 'Boston'?",
        ),
        (
            "demand: [{factor: 2, zones: [Boston], periods: [3]}]",
            "study.yaml:5:14: demand: found periods and zones together, expected one of the two, or groups",
        ),
        (
            "demand: [{factor: 2, periods: [14]}]",
            "study.yaml:5:35: demand.periods: found 14, expected at most 13 periods",
        ),
        (
            "disruptions: [{node: FC, begins: 2025-03-03, ends: 2025-03-01}]",
            "study.yaml:5:56: simulation.disruptions.0.ends: found 2025-03-01, expected 2025-03-03",
        ),
        ("nodes: {close: [DC]}", "scenario.yaml:9:3: nodes.FC: found a node that no vendor reaches"),
    ],
)
def test_of_a_variant(change, expected):
    found = problems(one(change))
    assert any(problem.startswith(expected) for problem in found), found


def test_of_a_table_point_into_the_table():
    with open("t.csv", "w", encoding="utf-8") as file:  # noqa: PTH123 - as a user's editor would
        file.write("variant,nodes.FC.storage_m3.standard\nsmall,2\nwrong,-2\n")
    found = problems(f"{HEAD}variations: [{{table: t.csv}}]\n")
    assert found == [
        "t.csv:3:2: nodes.FC.storage_m3.standard: found -2, expected a number of at least 0, a list or 'unlimited'"
    ]


def test_of_a_program():
    assert problems_of_variant("scenario.yaml", nodes={"close": ["X"]}) == [
        "study:1:1: nodes.close: found 'X', expected one of MILL, DC, FC"
    ]
    with pytest.raises(ScenarioError, match="study:1:1: base: found nothing"):
        library.study({"name": "s"})


def test_of_recorded_orders(tmp_path):
    base = write_toy(tmp_path)
    row = {
        "order": "1",
        "placed": "2026-01-06 09:00",
        "zone": "newark",
        "speed": "standard",
        "product": "mug",
        "units": 1,
    }
    found = problems_of_variant(base, set={"simulation.orders": [row]}, demand=[{"factor": 2}])
    assert found == [
        "study:1:1: demand: found a factor on recorded orders, expected random demand: recorded orders stay as they are"
    ]


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_every_form_names_its_variants_and_their_values(ending):
    frame = pd.DataFrame({"variant": ["a", "b"], "nodes.FC.storage_m3.standard": [2.5, None], "seedless": ["", ""]})
    frame = frame.drop(columns="seedless")
    frame.to_csv("t.csv", index=False) if ending == "csv" else frame.to_parquet("t.parquet", index=False)
    text = (
        "variations:\n"
        "  - {name: one, set: {costs.currency: EUR}}\n"
        "  - grid: {speeds.express.promise: [1 d, 2 d], "
        "room: {small: {capacities: [{node: FC, factor: 0.5}]}, same: {}}}\n"
        "  - one_at_a_time: {planning.max_iterations: [4, 5], planning.target_gap: [0.1]}\n"
        f"  - table: t.{ending}\n    plan: base\n"
    )
    assert problems(HEAD + text) == []
    found = variants_of(read_study("study.yaml"))
    assert [(variant.name, variant.varied) for variant in found] == [
        ("base", {}),
        ("one", {}),
        ("speeds.express.promise=1 d, room: small", {"speeds.express.promise": "1 d", "room": "small"}),
        ("speeds.express.promise=1 d, room: same", {"speeds.express.promise": "1 d", "room": "same"}),
        ("speeds.express.promise=2 d, room: small", {"speeds.express.promise": "2 d", "room": "small"}),
        ("speeds.express.promise=2 d, room: same", {"speeds.express.promise": "2 d", "room": "same"}),
        ("planning.max_iterations=4", {"planning.max_iterations": 4}),
        ("planning.max_iterations=5", {"planning.max_iterations": 5}),
        ("planning.target_gap=0.1", {"planning.target_gap": 0.1}),
        ("a", {"nodes.FC.storage_m3.standard": 2.5}),
        ("b", {}),
    ]
    assert [variant.plan for variant in found] == ["anew"] * 9 + ["base"] * 2
    given = read_study("study.yaml")
    small = scenario_of(given, found[2]).file
    assert (small.speeds["express"].promise, small.nodes["FC"].storage_m3["standard"]) == (1.0, 1.5)
    assert scenario_of(given, found[7]).file.planning.max_iterations == 5
    assert scenario_of(given, found[9]).file.nodes["FC"].storage_m3["standard"] == 2.5
    assert scenario_of(given, found[1]).file.costs.currency == "EUR"
    assert scenario_of(given, found[0]).file == scenario_of(given, found[10]).file


def test_overrides_come_before_the_changes():
    given = read_study(
        {
            "name": "s",
            "base": "scenario.yaml",
            "variations": [{"name": "v", "capacities": [{"node": "FC", "factor": 2}]}],
        }
    )
    changed = scenario_of(given, variants_of(given)[1], ["nodes.FC.storage_m3.standard=5"])
    assert changed.file.nodes["FC"].storage_m3["standard"] == 10
