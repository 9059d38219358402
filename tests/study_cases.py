"""Small studies of the quickstart and the toy, and scenarios compared whole."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scenario_files import QUICKSTART
from toy import FILE, TABLES

from meio.network.compile import compile_scenario
from meio.network.model import Scenario
from meio.network.problems import ScenarioError
from meio.studies.edits import scenario_of
from meio.studies.expansion import variants_of
from meio.studies.reading import read_study

QUICK = {"planning.refinement_rounds": 2, "planning.max_iterations": 3}
"""Values that make plans quick and poor."""
LOST = [
    {"name": "small", "capacities": [{"node": "FC", "factor": 0.6}]},
    {"name": "nowhere", "nodes": {"close": ["FCC"]}},
    {"name": "late", "lead_times": [{"from": "MILL", "plus": "1 w"}], "plan": "base"},
    {"name": "down", "disruptions": [{"node": "FC", "begins": "2025-02-03", "ends": "2025-02-05"}]},
]
"""Variations of the quickstart, of which the second fails."""
RESULTS = ("variants.parquet", "results.parquet", "results.csv", "replications.parquet", "summary.json")


def write_quickstart(folder: Path, text: str = QUICKSTART) -> Path:
    """The quickstart, or a scenario made of it, as a file in a folder."""
    path = folder / "scenario.yaml"
    path.write_text(text, "utf-8")
    return path


def write_toy(folder: Path) -> Path:
    """The toy with its tables, as files in a folder (JSON is YAML)."""
    for name, frame in TABLES.items():
        frame.to_csv(folder / f"{name}.csv", index=False)
    path = folder / "toy.yaml"
    path.write_text(json.dumps(FILE), "utf-8")
    return path


def variant(base: Path, **keys: Any) -> Scenario:
    """The scenario of the one variant whose keys these are."""
    given = read_study({"name": "s", "base": str(base), "variations": [{"name": "v", **keys}]})
    return scenario_of(given, variants_of(given)[1])


def problems_of_variant(base: Path, **keys: Any) -> list[str]:
    """Problems of the one variant whose keys these are, without the closing count."""
    try:
        variant(base, **keys)
    except ScenarioError as error:
        return str(error).splitlines()[:-1]
    return []


def assert_same(one: Scenario, other: Scenario) -> None:
    """Both scenarios compile to the same arrays, to rounding; their hashes may differ."""
    _assert_same(compile_scenario(one)._replace(hash=""), compile_scenario(other)._replace(hash=""))


def _assert_same(one: Any, other: Any) -> None:
    if isinstance(one, np.ndarray):
        np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-12)
    elif isinstance(one, tuple) and hasattr(one, "_fields"):
        for field in one._fields:
            _assert_same(getattr(one, field), getattr(other, field))
    else:
        assert one == other


def with_column(table: str, column: str, values: Any) -> dict[str, pd.DataFrame]:
    """One of the toy's tables with a column replaced."""
    return {table: TABLES[table].assign(**{column: values})}


def small_study(folder: Path, **keys: Any) -> dict[str, Any]:
    """A quick study of the quickstart, as a mapping."""
    base = str(write_quickstart(folder))
    return {"name": "s", "base": base, "set": QUICK, "replications": 4, "variations": LOST} | keys


def written(folder: Path, **keys: Any) -> Path:
    """The quick study as a file."""
    path = folder / "study.yaml"
    path.write_text(json.dumps(small_study(folder, **keys)), "utf-8")
    return path


def contents(folder: Path) -> dict[str, bytes]:
    """Bytes of each file of results."""
    return {name: (folder / name).read_bytes() for name in RESULTS}
