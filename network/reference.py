"""Attribute tables of the scenario format, made from the model and the table declarations, for docs/scenario.md."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from enum import Enum
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from annotated_types import Ge, Gt, Le
from pydantic import BaseModel, BeforeValidator
from pydantic.fields import FieldInfo

from meio.network.cells import expected_cell
from meio.network.fields import Annotation, fields_by_key, members
from meio.network.model import ScenarioFile, TableSource
from meio.network.problems import shown
from meio.network.tables import PARAMETERS, TABLES, Column, Table

MARKER = "<!-- below: made by `python -m meio.network.reference docs/scenario.md` -->\n"
_PLAIN = {str: "text", float: "number", int: "whole number", bool: "true or false"}


def with_reference(page: str) -> str:
    """Page with the attribute tables below its marker brought up to date."""
    return page[: page.index(MARKER) + len(MARKER)] + "\n" + reference() + "\n"


def reference() -> str:
    """All attribute tables as Markdown: the sections of the YAML file, then the tables."""
    sections = [_section(model, paths) for model, paths in _models().items()]
    tables = [_table(table) for table in TABLES]
    parameters = ["### Parameters of demand", *(f"`{name}`\n\n{_columns(of)}" for name, of in PARAMETERS.items())]
    return "\n\n".join(["## Sections", *sections, "## Columns of the tables", *tables, *parameters])


def _models() -> dict[type[BaseModel], list[str]]:
    """Every model of the file in order of appearance, with the paths where it stands."""
    found: dict[type[BaseModel], list[str]] = {ScenarioFile: []}
    waiting: list[tuple[type[BaseModel], str]] = [(ScenarioFile, "")]
    while waiting:
        model, path = waiting.pop(0)
        for key, field in fields_by_key(model).items():
            for below, suffix in _models_in(field.annotation):
                place = f"{path}.{key}{suffix}".lstrip(".")
                if below not in found:
                    waiting.append((below, place))
                found.setdefault(below, []).append(place)
    return found


def _models_in(annotation: Annotation) -> Iterator[tuple[type[BaseModel], str]]:
    for kind in members(annotation):
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield kind, ""
        elif get_origin(kind) in (list, dict):
            suffix = ".*" if get_origin(kind) is dict else ".#"
            yield from ((below, suffix + rest) for below, rest in _models_in(get_args(kind)[-1]))


def _section(model: type[BaseModel], paths: Sequence[str]) -> str:
    meaning = str(model.__doc__).partition("\n")[0]
    where = f" At {', '.join(f'`{path}`' for path in paths)}." if paths else ""
    rows = (
        (f"`{key}`", _value(field.annotation, field.metadata), _default(field), field.description or "")
        for key, field in fields_by_key(model).items()
    )
    return f"### {_title(model)}\n\n{meaning}{where}\n\n" + _markdown(("Key", "Value", "Default", "Meaning"), rows)


def _table(table: Table) -> str:
    head = f"### Table {table.name}\n\n{table.meaning} Given at `{'.'.join(table.path)}`.\n\n"
    more = "\n\nThen the [parameters](#parameters-of-demand) of the distribution." if table.parameters else ""
    return head + _columns(table.columns) + more


def _title(model: type[BaseModel]) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", model.__name__).capitalize()


def _value(annotation: Annotation, notes: Sequence[Any] = ()) -> str:
    """Say what may stand as a value of this type."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if parser := _parser(notes):
        return {"parse_days": "duration", "parse_clock": "clock time"}[parser]
    if origin is Annotated:
        nested = [note.metadata if isinstance(note, FieldInfo) else [note] for note in arguments[1:]]
        return _value(arguments[0], [note for part in nested for note in part])
    if origin in (Union, UnionType):
        return _choice([kind for kind in arguments if kind is not NoneType])
    if origin is list:
        return f"list of: {_value(arguments[0])}"
    if origin is dict:
        return f"by name: {_value(arguments[1])}"
    return _single_value(annotation, notes)


def _parser(notes: Sequence[Any]) -> str | None:
    return next((note.func.__name__ for note in notes if isinstance(note, BeforeValidator)), None)


def _choice(kinds: Sequence[Annotation]) -> str:
    if set(get_args(TableSource)) <= set(kinds):
        return "[table](#tables)"
    words = [_value(kind) for kind in kinds]
    return " or ".join("a list, one per period" if word == f"list of: {words[0]}" else word for word in words)


def _single_value(annotation: Annotation, notes: Sequence[Any]) -> str:
    if get_origin(annotation) is Literal:
        return ", ".join(f"`{choice}`" for choice in get_args(annotation))
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return ", ".join(f"`{choice.value}`" for choice in annotation)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        title = _title(annotation)
        return f"[{title.lower()}](#{title.lower().replace(' ', '-')})"
    kind = next((words for plain, words in _PLAIN.items() if annotation is plain), "date")
    return kind + _range(notes)


def _range(notes: Iterable[Any]) -> str:
    least = next((note.ge for note in notes if isinstance(note, Ge)), None)
    above = next((note.gt for note in notes if isinstance(note, Gt)), None)
    most = next((note.le for note in notes if isinstance(note, Le)), None)
    if least is not None and most is not None:
        return f", {least} to {most}"
    return f" ≥ {least}" if least is not None else f" > {above}" if above is not None else ""


def _default(field: FieldInfo) -> str:
    """Write a default as YAML would."""
    value = field.default
    if field.is_required():
        return "required"
    if isinstance(value, BaseModel):
        value = value.model_dump(exclude_defaults=True)
    if _parser(field.metadata) == "parse_clock":
        value = f"{value // 60:02}:{value % 60:02}"
    if isinstance(value, list) and len(value) > 1 and len(set(value)) == 1:
        return f"{len(value)} × {value[0]:g}"
    return "" if value in (None, "", {}) else f"`{_yaml(value)}`"


def _yaml(value: object) -> str:
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key}: {_yaml(part)}' for key, part in value.items())}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(_yaml, value))}]"
    return f"{value:g}" if isinstance(value, float) else shown(value).strip("'")


def _columns(columns: Sequence[Column]) -> str:
    rows = (
        (
            f"`{column.name}`" + (" (key)" if column.key else ""),
            expected_cell(column),
            column.unit,
            "required" if column.required else str(column.default or ""),
            column.meaning,
        )
        for column in columns
    )
    return _markdown(("Column", "Cell", "Unit", "Default", "Meaning"), rows)


def _markdown(header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [header, tuple("---" for _ in header), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


if __name__ == "__main__":
    page = Path(sys.argv[1])
    page.write_text(with_reference(page.read_text(encoding="utf-8")), encoding="utf-8")
