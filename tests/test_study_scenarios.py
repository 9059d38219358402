"""The studies that come with meio, each run on a few products of us-retail, and read back."""

from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd
import pytest

import meio as library
from meio.studies.edits import scenario_of
from meio.studies.expansion import variants_of
from meio.studies.reading import read_study

SCENARIOS = Path(__file__).parents[1] / "scenarios"
STUDIES = sorted((SCENARIOS / "studies").glob("*.yaml"))
POOR = ["planning.max_iterations=2", "planning.refinement_rounds=0"]


@pytest.fixture(scope="module")
def few_products(tmp_path_factory):
    """A copy of the scenarios in which us-retail sells one product of each storage type."""
    folder = tmp_path_factory.mktemp("scenarios")
    shutil.copy(SCENARIOS / "quickstart.yaml", folder)
    shutil.copy(SCENARIOS / "us-retail.yaml", folder)
    shutil.copytree(SCENARIOS / "studies", folder / "studies")
    (folder / "us-retail").mkdir()
    products = pd.read_csv(SCENARIOS / "us-retail" / "products.csv")
    kept = products.drop_duplicates("storage_type")
    for path in (SCENARIOS / "us-retail").glob("*.csv"):
        table = pd.read_csv(path)
        for column in {"product", "group"}.intersection(table):
            table = table[table[column].isin(kept[column])]
        table.to_csv(folder / "us-retail" / path.name, index=False)
    return folder


@pytest.mark.parametrize("path", STUDIES, ids=lambda path: path.stem)
def test_every_variant_of_a_shipped_study_is_planned_and_simulated(path, few_products):
    given = read_study(few_products / "studies" / path.name)
    base, *variants = (scenario_of(given, variant, POOR) for variant in variants_of(given))
    assert sum(not different(base, variant) for variant in variants) <= 1  # a grid may hold the base
    result = library.study(few_products / "studies" / path.name, overrides=POOR, replications=2)
    assert result.errors == {}
    assert result.complete
    assert len(result.variants) >= 3
    costs = result.table("cost")
    assert costs["mean"].gt(0).all()
    assert costs["difference"].iloc[1:].notna().all()


def different(base, variant):
    """Whether a variant is another scenario, or is simulated under other conditions."""
    return base.hash != variant.hash or base.file.simulation != variant.file.simulation


def test_the_questions_of_a_planner_are_asked():
    assert len(STUDIES) >= 5
