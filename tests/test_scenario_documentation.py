"""What is said about the format elsewhere follows from the format: schema, reference, examples."""

from __future__ import annotations

import json
import re

import pytest
from ruamel.yaml import YAML
from scenario_files import QUICKSTART, ROOT

from meio.network.fields import fields_by_key, model_at
from meio.network.reference import with_reference
from meio.network.schema import json_schema, schema_text
from meio.network.tables import PARAMETERS, TABLES, columns_of


def test_reference_in_the_documentation_is_up_to_date():
    page = (ROOT / "docs" / "scenario.md").read_text(encoding="utf-8")
    assert page == with_reference(page), "run python -m meio.network.reference docs/scenario.md"


def test_schema_beside_the_scenarios_is_up_to_date():
    stored = (ROOT / "scenarios" / "scenario.schema.json").read_text(encoding="utf-8")
    assert stored == schema_text(), "run meio schema > scenarios/scenario.schema.json"


def test_packaged_starter_is_the_quickstart():
    assert (ROOT / "network" / "quickstart.yaml").read_text(encoding="utf-8") == QUICKSTART


def test_links_within_the_page_lead_somewhere():
    page = (ROOT / "docs" / "scenario.md").read_text(encoding="utf-8")
    titles = [line.lstrip("# ").lower().replace(" ", "-") for line in page.splitlines() if line.startswith("#")]
    assert set(re.findall(r"\]\(#([^)]+)\)", page)) <= set(titles)
    assert len(titles) == len(set(titles))


def test_every_key_has_a_meaning():
    waiting = [()]
    while waiting:
        path = waiting.pop()
        for key, field in fields_by_key(model_at(path)).items():
            assert field.description, (*path, key)
            waiting += [below for below in ((*path, key), (*path, key, "x"), (*path, key, 0)) if model_at(below)]


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_schema_knows_every_column(table):
    schema = json_schema()
    part = schema
    for key in table.path[:-1]:
        part = schema["$defs"][part["properties"][key]["$ref"].removeprefix("#/$defs/")]
    file, rows, _ = part["properties"][table.path[-1]]["anyOf"]
    row = rows["items"]
    assert file["type"] == "string"
    assert set(row["properties"]) == {
        column.name for distribution in PARAMETERS for column in columns_of(table, distribution)
    }
    assert set(row["required"]) == {column.name for column in table.columns if column.required}
    assert row["additionalProperties"] is False


def test_schema_names_the_keys_of_the_quickstart():
    schema = json.loads(schema_text())
    document = YAML(typ="safe", pure=True).load(QUICKSTART)
    assert set(document) <= set(schema["properties"])
    assert schema["additionalProperties"] is False
    assert {"required": ["extends"]} in schema["anyOf"]
    (whole,) = (choice["required"] for choice in schema["anyOf"] if choice["required"] != ["extends"])
    assert set(whole) <= set(document)
