"""Mistakes in what a scenario is put together from, each with its exact message: overrides, extended files, no YAML."""
# ruff: noqa: E501 (messages are compared whole)

from __future__ import annotations

from pathlib import Path

import pytest
from scenario_files import QUICKSTART, edited, problems_of


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


OVERRIDES = {
    "misspelt key": (
        "horizon.perids=4",
        "--set:1:1: horizon.perids: found 'perids', expected one of start, periods, time_zone, period_days, warm_up_days, hourly_profile; did you mean 'periods'?",
    ),
    "unknown node": (
        "nodes.FCC.lat=4",
        "--set:1:1: nodes.FCC.lat: found 'FCC', expected one of MILL, DC, FC; did you mean 'FC'?",
    ),
    "item that is not there": ("lanes.2.pack=4", "--set:1:1: lanes.2.pack: found '2', expected one of 0, 1"),
    "below a value": ("name.x=4", "--set:1:1: name.x: found 'x', expected no key below name"),
    "no value": ("name", "--set:1:1: --set: found 'name', expected path=value, with a path other than extends"),
    "extends": (
        "extends=other.yaml",
        "--set:1:1: --set: found 'extends=other.yaml', expected path=value, with a path other than extends",
    ),
    "wrong value": (
        "horizon.periods=many",
        "--set:1:17: horizon.periods: found 'many', expected a whole number",
    ),
    "broken value": (
        "horizon.periods=[1",
        "--set:1:19: horizon.periods: found a syntax error (expected ',' or ']', but got '<stream end>' while parsing a flow sequence), expected valid YAML",
    ),
}


@pytest.mark.parametrize(("override", "expected"), OVERRIDES.values(), ids=OVERRIDES.keys())
def test_override(override: str, expected: str):
    assert problems_of(QUICKSTART, override) == [expected]


def test_overrides_are_counted():
    found = problems_of(QUICKSTART, "horizon.periods=14", "planning.max_iterations=0")
    assert found == [
        "--set:2:25: planning.max_iterations: found 0, expected a whole number of at least 1",
    ]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "s.yaml:1:1: scenario: found nothing, expected a mapping with the keys of a scenario"),
        (b"- 1", "s.yaml:1:1: scenario: found a list, expected a mapping with the keys of a scenario"),
        (b"name: x\nnote: caf\xe9", "s.yaml:2:10: scenario: found a byte that is not UTF-8, expected a text in UTF-8"),
        (
            b"name: \x07",
            "s.yaml:1:1: scenario: found a syntax error (unacceptable character #x0007: special characters are not allowed), expected valid YAML",
        ),
        (
            b"a: " + b"[" * 5000,
            "s.yaml:1:1: scenario: found values nested too deeply, expected a few levels, and no alias inside itself",
        ),
        (b"extends: 3", "s.yaml:1:10: extends: found 3, expected the path of a scenario file"),
        (b"extends: none.yaml", "s.yaml:1:10: extends: found 'none.yaml', expected the path of a scenario file"),
        (
            b"extends: s.yaml",
            "s.yaml:1:10: extends: found 's.yaml', which is or extends this file, expected a file that does not lead back here",
        ),
    ],
    ids=[
        "empty",
        "list",
        "bad encoding",
        "control character",
        "deep",
        "extends a number",
        "extends nothing",
        "extends itself",
    ],
)
def test_file_that_is_no_scenario(content: bytes, expected: str):
    assert problems_of(content) == [expected]


def test_cycle_of_extends_is_found_where_it_closes():
    Path("b.yaml").write_text("\nextends: s.yaml\n", encoding="utf-8")
    assert problems_of("extends: b.yaml\n") == [
        "b.yaml:2:10: extends: found 's.yaml', which is or extends this file, expected a file that does not lead back here"
    ]


def test_aliases_that_stand_for_billions_are_refused():
    levels = "".join(f"x{n}: &x{n} [{', '.join([f'*x{n - 1}'] * 9)}]\n" for n in range(1, 12))
    (found,) = problems_of("x0: &x0 [1]\n" + levels)
    assert found == (
        "s.yaml:1:1: scenario: found more than 200000 values, expected few aliases, and long tables in CSV or Parquet files"
    )


def test_problem_of_an_extended_file_stands_in_that_file():
    Path("base").mkdir()
    Path("base/b.yaml").write_text(edited(("per_m3: 40", "per_m3: -40")), encoding="utf-8")
    assert problems_of("extends: base/b.yaml\nhorizon: {periods: 0}\n") == [
        "base/b.yaml:18:95: lanes.0.cost.per_m3: found -40, expected a number of at least 0",
        "s.yaml:2:20: horizon.periods: found 0, expected a whole number of at least 1",
    ]
