"""The scenario format for other programs: JSON Schema, so that editors check and complete a scenario."""

from __future__ import annotations

import json
from typing import Any

from meio.network.cells import expected_cell
from meio.network.model import EVERY, ScenarioFile
from meio.network.tables import PARAMETERS, TABLES, Column, Table

Schema = dict[str, Any]


def json_schema() -> Schema:
    """JSON Schema (draft 2020-12) of a scenario file.

    A file that extends another may leave anything out, so keys are only required of a whole scenario.
    """
    schema = ScenarioFile.model_json_schema(by_alias=True)
    for table in TABLES:
        _section(schema, table)[table.path[-1]] |= {"anyOf": _sources(table)}
    required = schema.pop("required")
    for part in schema["$defs"].values():
        part.pop("required", None)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **schema,
        "title": "meio scenario",
        "anyOf": [{"required": ["extends"]}, {"required": required}],
    }


def schema_text() -> str:
    """Text of a file with the JSON Schema."""
    return json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"


def _section(schema: Schema, table: Table) -> Schema:
    """Properties of the mapping that names a table's source."""
    part = schema
    for key in table.path[:-1]:
        part = schema["$defs"][part["properties"][key]["$ref"].rpartition("/")[2]]
    properties: Schema = part["properties"]
    return properties


def _sources(table: Table) -> list[Schema]:
    parameters = {column.name: column for columns in PARAMETERS.values() for column in columns}
    columns = (*table.columns, *(parameters.values() if table.parameters else ()))
    row = {
        "type": "object",
        "properties": {column.name: _cell(column) for column in columns},
        "required": [column.name for column in table.columns if column.required],
        "additionalProperties": False,
    }
    file = {"type": "string", "description": "path of a CSV or Parquet file, relative to this file"}
    return [file, {"type": "array", "items": row}, {"type": "null"}]


def _cell(column: Column) -> Schema:
    unit = f", {column.unit}" if column.unit else ""
    cell: Schema = {"description": f"{column.meaning}{unit}; {expected_cell(column)}"}
    match column.kind:
        case "text":
            return cell | {"type": ["string", "integer"]}
        case "moment" | "day":
            return cell | {"type": "string"}
        case "period":
            return cell | {"anyOf": [{"type": "integer", "minimum": 1}, {"const": EVERY}]}
        case "number" | "whole number":
            limits = {"minimum": column.least, "exclusiveMinimum": column.above, "maximum": column.most}
            given = {name: limit for name, limit in limits.items() if limit is not None}
            return cell | {"type": "integer" if column.kind == "whole number" else "number", **given}
