"""What is wrong with a scenario, said so that a planner can mend it: where, what was found, what was expected."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

Key = str | int
KeyPath = tuple[Key, ...]

_MOST_COMPARED = 5_000  # comparing spellings is slow


@dataclass(frozen=True)
class Place:
    """A spot in a file.

    Attributes
    ----------
    file : str
        Path as opened, or ``--set`` for an override of the command line.
    line, column : int
        Counted from 1; in a Parquet table the line is the row, counted from 1.
    """

    file: str
    line: int = 1
    column: int = 1


@dataclass(frozen=True)
class Problem:
    """One mistake in a scenario or its tables.

    Attributes
    ----------
    file : str
        Relative to the working folder when below it.
    line, column : int
        Counted from 1.
    path : str
        Where in the scenario: dotted keys, or a table and its column.
    found, expected : str
        What stands there, and what should.
    hint : str or None
        The name that was probably meant.
    """

    file: str
    line: int
    column: int
    path: str
    found: str
    expected: str
    hint: str | None = None

    def __str__(self) -> str:
        meant = f"; did you mean '{self.hint}'?" if self.hint else ""
        place = f"{self.file}:{self.line}:{self.column}: {self.path}"
        return _in_one_line(f"{place}: found {self.found}, expected {self.expected}{meant}")

    def lies_in(self, part: str) -> bool:
        """Whether the problem is in the part of a scenario that a dotted path names."""
        return self.path == part or self.path.startswith(f"{part}.")


class ScenarioError(Exception):
    """A scenario that cannot be used; its text lists every problem, one a line, and their number.

    Attributes
    ----------
    problems : tuple of Problem
        Sorted by file, line and column.
    """

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(set(problems), key=_order))
        super().__init__(self.problems)

    def __str__(self) -> str:
        count = len(self.problems)
        return "\n".join([*map(str, self.problems), f"{count} problem{'s' if count > 1 else ''}"])


def _in_one_line(text: str) -> str:
    """Text with line breaks and other control characters written out."""
    return "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in text)


def _order(problem: Problem) -> tuple[str, int, int, str]:
    return problem.file, problem.line, problem.column, str(problem)


def problem_at(
    place: Place, path: KeyPath | str, found: str, expected: str, meant: tuple[str, Iterable[str]] | None = None
) -> Problem:
    """Problem at a place; `meant` is the name found and the names it might stand for."""
    dotted = path if isinstance(path, str) else ".".join(map(str, path))
    hint = closest(*meant) if meant else None
    return Problem(shown_path(place.file), place.line, place.column, dotted or "scenario", found, expected, hint)


def closest(name: str, names: Iterable[str]) -> str | None:
    """Name nearest in spelling, or none when nothing is near."""
    by_folded = {candidate.casefold(): candidate for candidate in names}
    folded = name.casefold()
    if len(by_folded) > _MOST_COMPARED:
        by_folded = {key: candidate for key, candidate in by_folded.items() if key[:3] == folded[:3]}
    matches = get_close_matches(folded, list(by_folded)[:_MOST_COMPARED], n=1)
    return by_folded[matches[0]] if matches and by_folded[matches[0]] != name else None


def shown_path(file: str) -> str:
    """Path relative to the working folder when below it."""
    path = Path(file)
    if path.is_absolute() and path.is_relative_to(Path.cwd()):
        return str(path.relative_to(Path.cwd()))
    return file


def shown(value: object) -> str:
    """Value of a scenario file as a message quotes it."""
    match value:
        case None:
            return "nothing"
        case bool():
            return str(value).lower()
        case dict():
            return "a mapping"
        case list():
            return "a list"
        case str():
            return f"'{value[:60]}{'…' if len(value) > 60 else ''}'"
        case _:
            return f"{value:.12g}" if isinstance(value, float) else str(value)


def one_of(names: Sequence[str], kind: str = "name", limit: int = 12) -> str:
    """Names that may stand in a place, or how many there are of their kind when that would be long."""
    if not names:
        return f"a {kind}, but the scenario has none"
    if len(names) > limit:
        return f"one of the scenario's {len(names)} {kind}s"
    return ("one of " if len(names) > 1 else "") + ", ".join(names)
