"""A study read from YAML, or given by a program: everything it says, or everything that is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from meio.network.positions import Located, read_yaml
from meio.network.problems import Place, Problem, ScenarioError, problem_at, shown
from meio.network.validation import held_against
from meio.studies.model import StudyFile

GIVEN = "study"
"""The file that a problem's place names when a program gave the study."""


@dataclass(frozen=True, eq=False)
class Study:
    """A study as read.

    Attributes
    ----------
    file : StudyFile
        What it says.
    document : Located
        The same with places.
    folder : Path
        What the paths in it are relative to.
    """

    file: StudyFile
    document: Located
    folder: Path

    @property
    def base(self) -> Path:
        """The base scenario's file."""
        return self.folder / self.file.base


def read_study(source: Path | str | Mapping[str, Any]) -> Study:
    """Read a study from its file, or from a mapping whose paths are relative to the working folder.

    Raises
    ------
    ScenarioError
        With every problem of the study file.
    """
    problems: list[Problem] = []
    document: Located | None
    if isinstance(source, Mapping):
        document, folder = located(source, Place(GIVEN)), Path()
    else:
        document, folder = read_yaml(Path(source), {}, problems), Path(source).parent
    if document is None:
        raise ScenarioError(problems)
    if not isinstance(document.value, dict):
        found = shown(document.value)
        raise ScenarioError([problem_at(document.place, "study", found, "a mapping with the keys of a study")])
    file, misfits = held_against(StudyFile, document, document.plain())
    problems += misfits
    if file is None or problems:
        raise ScenarioError(problems)
    base = folder / file.base
    if not base.is_file():
        place = document.nearest(("base",)).place
        raise ScenarioError([problem_at(place, "base", shown(file.base), "the path of a scenario file")])
    return Study(file, document, folder)


def located(value: Any, place: Place) -> Located:
    """Plain values as if they stood in a file, all in one place."""
    if isinstance(value, Mapping):
        return Located({str(key): located(child, place) for key, child in value.items()}, place, place)
    if isinstance(value, list | tuple):
        return Located([located(child, place) for child in value], place, place)
    return Located(value, place, place)
