"""The studies that come with meio, each run on a few products of us-retail, and read back."""

from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd
import pytest

import meio as library

SCENARIOS = Path(__file__).parents[1] / "scenarios"
STUDIES = sorted((SCENARIOS / "studies").glob("*.yaml"))
POOR = ["planning.max_iterations=2", "planning.refinement_rounds=0"]
MORE = 20.0
"""Factor on demand, so that the few products need much of the room."""


@pytest.fixture(scope="module")
def few_products(tmp_path_factory):
    """A copy of the scenarios in which us-retail sells one product of each group, and much of it."""
    folder = tmp_path_factory.mktemp("scenarios")
    shutil.copy(SCENARIOS / "quickstart.yaml", folder)
    shutil.copy(SCENARIOS / "us-retail.yaml", folder)
    shutil.copytree(SCENARIOS / "studies", folder / "studies")
    (folder / "us-retail").mkdir()
    products = pd.read_csv(SCENARIOS / "us-retail" / "products.csv")
    kept = products.drop_duplicates("group")["product"]
    for path in (SCENARIOS / "us-retail").glob("*.csv"):
        table = pd.read_csv(path)
        if "product" in table:
            table = table[table["product"].isin(kept)]
        if path.name == "product_demand.csv":
            table["mean"] *= MORE
        table.to_csv(folder / "us-retail" / path.name, index=False)
    return folder


@pytest.mark.parametrize("path", STUDIES, ids=lambda path: path.stem)
def test_every_variant_of_a_shipped_study_is_planned_and_simulated(path, few_products):
    result = library.study(few_products / "studies" / path.name, overrides=POOR, replications=2)
    assert result.errors == {}
    assert result.complete
    assert len(result.variants) >= 3
    costs = result.table("cost")
    assert costs["mean"].gt(0).all()
    assert costs["difference"].iloc[1:].notna().all()
    assert costs["difference"].iloc[1:].ne(0).any()


def test_the_questions_of_a_planner_are_asked():
    assert len(STUDIES) >= 5
