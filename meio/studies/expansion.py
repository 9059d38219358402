"""The variants of a study: every one that its list, grids, axes and tables stand for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import Any

from meio.network.positions import Located, parse_yaml
from meio.network.problems import KeyPath, Problem, ScenarioError, problem_at, shown
from meio.network.table_files import RawTable, read_table
from meio.network.tables import Column, Table
from meio.studies.model import BASE, Planned
from meio.studies.reading import Study, located

FORMS = ("name", "grid", "one_at_a_time", "table", "plan")
VARIANT = "variant"


@dataclass(frozen=True, eq=False)
class Variant:
    """The base scenario with changes.

    Attributes
    ----------
    name : str
        As results call it.
    changes : tuple of Located
        Made one after the other; each has the keys of `meio.studies.model.Change`.
    varied : dict of str to value
        What varies, by path or axis: the value there, or the label of the changes.
    plan : {"anew", "base"}
        Whether it is planned anew or meets the base's plan.
    origin : Located
        Where the study says it.
    """

    name: str
    changes: tuple[Located, ...]
    varied: dict[str, Any]
    plan: Planned
    origin: Located = field(repr=False)


@dataclass(frozen=True, eq=False)
class _Level:
    """One value of an axis."""

    label: str
    change: Located
    value: Any


def variants_of(study: Study) -> list[Variant]:
    """Every variant of a study, the base first.

    Raises
    ------
    ScenarioError
        When a table cannot be read, or two variants have one name.
    """
    problems: list[Problem] = []
    document = study.document
    found = [Variant(BASE, (), {}, "anew", document)]
    for index, origin in document.nearest(("variations",)).children():
        told = study.file.variations[int(index)]
        own, plan = _changes_in(origin), told.plan or study.file.plan
        for levels in _combinations(origin, int(index), study.folder, problems):
            name = told.name or ", ".join(level.label for level in levels.values() if level.label)
            varied = {axis: level.value for axis, level in levels.items() if axis != VARIANT}
            changes = (*own, *(level.change for level in levels.values()))
            found.append(Variant(name, changes, varied, plan, origin))
    problems += _same_names(found)
    if problems:
        raise ScenarioError(problems)
    return found


def _changes_in(variation: Located) -> tuple[Located, ...]:
    """The changes that stand beside a variation's form, if any."""
    keys = {key: child for key, child in variation.value.items() if key not in FORMS}
    return (Located(keys, variation.place, variation.key),) if keys else ()


def _combinations(variation: Located, index: int, folder: Path, problems: list[Problem]) -> Iterator[dict[str, _Level]]:
    """The levels that come together in each variant, by axis; none for a variation with a name."""
    if grid := variation.child("grid"):
        for levels in product(*(_levels(axis, given) for axis, given in grid.value.items())):
            yield dict(zip(grid.value, levels, strict=True))
    elif axes := variation.child("one_at_a_time"):
        for axis, given in axes.value.items():
            for level in _levels(axis, given):
                yield {axis: level}
    elif source := variation.child("table"):
        yield from _rows(source, ("variations", str(index), "table"), folder, problems)
    else:
        yield {}


def _levels(axis: str, given: Located) -> list[_Level]:
    """Levels of an axis: values of a path, or changes by label."""
    if isinstance(given.value, dict):
        return [_Level(f"{axis}: {label}", change, label) for label, change in given.value.items()]
    return [_Level(f"{axis}={_text(value)}", _set(axis, value), value.plain()) for value in given.value]


def _set(path: str, value: Located) -> Located:
    inner = Located({path: value}, value.place, value.key)
    return Located({"set": inner}, value.place, value.key)


def _text(value: Located) -> str:
    plain = value.plain()
    return str(plain).lower() if isinstance(plain, bool) else f"{plain:g}" if isinstance(plain, float) else str(plain)


def _rows(source: Located, path: KeyPath, folder: Path, problems: list[Problem]) -> Iterator[dict[str, _Level]]:
    """Levels of each row of a table; the column that names the variant is the first, and changes nothing."""
    name = Column(VARIANT, "text", "name of the variant", key=True)
    raw = read_table(Table("variants", tuple(map(str, path)), "", (name,)), source, folder, {}, problems)
    if raw is None:
        return
    if VARIANT not in raw.cells:
        expected = "a column variant, with the names of the variants"
        problems.append(problem_at(raw.header(VARIANT), raw.path(), "no column 'variant'", expected))
        return
    for row in raw.cells.index:
        place = raw.place(row, VARIANT)
        label = _plain(raw.cells[VARIANT].loc[row])
        if label is None:
            problems.append(problem_at(place, raw.path(VARIANT), "an empty cell", "a name for the variant"))
            continue
        named = _Level(str(label), located({}, place), label)
        yield {VARIANT: named} | dict(_cells(raw, row, problems))


def _cells(raw: RawTable, row: int, problems: list[Problem]) -> Iterator[tuple[str, _Level]]:
    for axis in map(str, raw.cells):
        plain = _plain(raw.cells[axis].loc[row])
        if axis == VARIANT or plain is None:
            continue
        place = raw.place(row, axis)
        value = parse_yaml(plain, place, problems, (axis,)) if isinstance(plain, str) else located(plain, place)
        if value is not None:
            yield axis, _Level("", _set(axis, value), value.plain())


def _plain(cell: Any) -> Any:
    """Cell of a table as a plain value; none where it is empty."""
    if cell is None or cell == "" or cell != cell:  # noqa: PLR0124 - NaN
        return None
    return cell.item() if hasattr(cell, "item") else cell


def _same_names(variants: list[Variant]) -> Iterator[Problem]:
    """Report names given twice."""
    known: set[str] = set()
    for variant in variants:
        if variant.name in known:
            path = "variations"
            yield problem_at(variant.origin.place, path, f"the name {shown(variant.name)} twice", "a name of its own")
        known.add(variant.name)
