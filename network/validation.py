"""A scenario file, or another, held against its model, and what does not fit said in a planner's words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import isfinite
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from meio.network.fields import field_at, known_keys, types_at
from meio.network.model import ScenarioFile
from meio.network.positions import Located, YamlValue
from meio.network.problems import KeyPath, Problem, one_of, problem_at, shown
from meio.network.tables import TABLES

Model = TypeVar("Model", bound=BaseModel)


def valid_file(document: Located) -> tuple[ScenarioFile | None, list[Problem]]:
    """Hold the scenario file against its model; the model is none if something does not fit."""
    return held_against(ScenarioFile, document, with_plain_tables(document))


def held_against(model: type[Model], document: Located, values: YamlValue) -> tuple[Model | None, list[Problem]]:
    """Hold the values of a document against a model; the model is none if something does not fit."""
    misplaced = list(_misplaced_truths(model, document))
    try:
        return model.model_validate(values), misplaced
    except ValidationError as error:
        return None, [*misplaced, *_translated(model, error, document)]


def _misplaced_truths(root: type[BaseModel], document: Located, path: KeyPath = ()) -> Iterator[Problem]:
    """Report true and false where another kind of value belongs; pydantic would take them for 1 and 0."""
    if isinstance(document.value, bool) and (kinds := types_at(path, root)) and not {bool, Any} & set(kinds):
        yield problem_at(document.place, path, shown(document.value), f"another kind of value{_meaning(root, path)}")
    for key, child in document.children():
        yield from _misplaced_truths(root, child, (*path, key))


def valid_part(model: type[Model], values: YamlValue) -> Model | None:
    """Part of the scenario file as a model; none where it is absent or does not fit."""
    try:
        return model.model_validate(values)
    except ValidationError:
        return None


def with_plain_tables(document: Located) -> YamlValue:
    """Values of the file; a table whose source is no table is reported where it is read, not here."""
    values = document.plain()
    for table in TABLES:
        holder = values
        for key in table.path[:-1]:
            holder = holder.get(key) if isinstance(holder, dict) else None
        if isinstance(holder, dict) and isinstance(holder.get(table.path[-1]), (int, float, dict, list)):
            holder[table.path[-1]] = _rows(holder[table.path[-1]])
    return values


def _rows(source: YamlValue) -> YamlValue:
    if not isinstance(source, list) or not all(isinstance(row, dict) for row in source):
        return []
    return [{key: cell for key, cell in row.items() if _is_plain(cell)} for row in source]


def _is_plain(cell: YamlValue) -> bool:
    return isfinite(cell) if isinstance(cell, float) else not isinstance(cell, dict | list)


@dataclass(frozen=True)
class _Misfit:
    """Error of pydantic at its path in the file, and whether a member of a union refused the value there."""

    path: KeyPath
    error: ErrorDetails
    of_union: bool


def _translated(root: type[BaseModel], error: ValidationError, document: Located) -> Iterator[Problem]:
    by_path: dict[KeyPath, list[_Misfit]] = {}
    for details in error.errors(include_url=False):
        misfit = _misfit(details, document)
        by_path.setdefault(misfit.path, []).append(misfit)
    for path, misfits in by_path.items():
        deeper = any(other[: len(path)] == path and len(other) > len(path) for other in by_path)
        if not (deeper and misfits[0].of_union):
            yield _problem(root, path, misfits, document)


def _misfit(details: ErrorDetails, document: Located) -> _Misfit:
    """Place of an error; the tags that pydantic adds for members of a union are left out."""
    path: KeyPath = ()
    for depth, key in enumerate(details["loc"], start=1):
        absent = details["type"] == "missing" and depth == len(details["loc"])
        if absent or document.find((*path, key)) is not None:
            path = (*path, key)
    return _Misfit(path, details, of_union=len(path) < len(details["loc"]))


def _problem(root: type[BaseModel], path: KeyPath, misfits: list[_Misfit], document: Located) -> Problem:
    error = misfits[0].error
    here = document.nearest(path)
    if error["type"] == "missing":
        return problem_at(here.key, path, "nothing", f"the key {path[-1]}{_meaning(root, path)}")
    if error["type"] == "extra_forbidden":
        known = known_keys(path[:-1], root) or []
        return problem_at(here.key, path, "an unknown key", one_of(known, limit=30), (str(path[-1]), known))
    noun = _noun(root, path, here.value)
    *expected, last = dict.fromkeys(_expected(misfit.error, noun) for misfit in misfits)
    names = _choices(misfits)
    found = _found(here.value, error)
    words = f"{', '.join(expected)} or {last}" if expected else last
    return problem_at(here.place, path, found, words, (str(here.value), names) if names else None)


def _meaning(root: type[BaseModel], path: KeyPath) -> str:
    field = field_at(path, root)
    return f" ({field.description})" if field and field.description else ""


def _found(value: YamlValue, error: ErrorDetails) -> str:
    if error["type"] == "value_error" and isinstance(value, dict):
        return f"the keys {', '.join(value)}" if value else "no keys"
    if error["type"] in ("too_short", "too_long"):
        return f"{error['ctx']['actual_length']} entries"
    return shown(value)


def _choices(misfits: list[_Misfit]) -> list[str]:
    """Words that the value may be, if it may only be certain words."""
    texts = [misfit.error["ctx"]["expected"] for misfit in misfits if misfit.error["type"] in ("literal_error", "enum")]
    return [word.strip("'") for text in texts for word in text.replace(" or ", ", ").split(", ")]


_EXPECTED = {
    "greater_than_equal": "a {noun} of at least {ge:g}",
    "greater_than": "a {noun} above {gt:g}",
    "less_than": "a {noun} below {lt:g}",
    "less_than_equal": "a {noun} of at most {le:g}",
    "literal_error": "{expected}",
    "enum": "{expected}",
    "value_error": "{error}",
    "too_short": "at least {min_length}",
    "too_long": "at most {max_length}",
    "string_too_short": "a text",
    "string_type": "a text",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "int_parsing_size": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "finite_number": "a finite number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "dict_type": "a mapping of names",
    "model_type": "a mapping of keys",
    "list_type": "a list",
}


def _expected(error: ErrorDetails, noun: str) -> str:
    if error["type"].startswith("date"):
        return "a date such as 2025-01-06"
    words = _EXPECTED.get(error["type"])
    return words.format(noun=noun, **error.get("ctx", {})) if words else error["msg"]


def _noun(root: type[BaseModel], path: KeyPath, value: YamlValue) -> str:
    """Name of the kind of number that belongs at a path."""
    if isinstance(value, str) and any(letter.isalpha() for letter in value):
        return "number of days"  # only a duration may hold letters and still be a number
    return "whole number" if int in types_at(path, root) else "number"
