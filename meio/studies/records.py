"""What is kept of a finished variant: enough for every table, exactly as it was found."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from math import isfinite, nan
from pathlib import Path
from typing import Any

import numpy as np

from meio.studies.measures import Measure


@dataclass(frozen=True, eq=False)
class Record:
    """A variant that was planned and simulated, or why it was not.

    Attributes
    ----------
    variant : str
        Its name.
    error : str or None
        Why it failed; then the rest is empty.
    plan : dict
        ``planned`` (anew, base, or unchanged: its plan is the base's own), ``planned_cost``, ``lower_bound`` (NaN:
        none), ``dual_gap``, ``reached_gap``, ``iterations``.
    systems : dict of str to list of Measure
        Measures by assignment policy.
    data_hashes : dict of str to str
        SHA-256 of every file that its scenario was read from, by its path relative to the base scenario's folder.
    seconds : float
        Wall-clock time.
    """

    variant: str
    error: str | None
    plan: dict[str, Any]
    systems: dict[str, list[Measure]]
    data_hashes: dict[str, str]
    seconds: float

    @property
    def replications(self) -> int:
        """Sample paths of each simulation."""
        return next((len(measures[0].part) for measures in self.systems.values()), 0)


def failed(variant: str, error: str) -> Record:
    """The record of a variant that could not be planned or simulated."""
    return Record(variant, error, {}, {}, {}, 0.0)


def write_record(path: Path, record: Record) -> None:
    """Write a record, whole or not at all."""
    content = asdict(record)
    content["systems"] = {
        policy: [[one.name, one.unit, _listed(one.part), _listed(one.whole)] for one in measures]
        for policy, measures in record.systems.items()
    }
    bound = record.plan["lower_bound"]
    content["plan"] = record.plan | {"lower_bound": bound if isfinite(bound) else None}
    write_whole(path, json.dumps(content, indent=None, ensure_ascii=False))


def read_record(path: Path) -> Record:
    """Read what `write_record` wrote; every number is what it was.

    Raises
    ------
    OSError, ValueError, KeyError, TypeError
        When it is damaged.
    """
    content = json.loads(path.read_text("utf-8"))
    if content["plan"]["lower_bound"] is None:
        content["plan"]["lower_bound"] = nan
    content["systems"] = {
        policy: [Measure(name, unit, _floats(part), _floats(whole)) for name, unit, part, whole in measures]
        for policy, measures in content["systems"].items()
    }
    return Record(**content)


def write_whole(path: Path, text: str) -> None:
    """Write a text file so that it is there whole or not at all."""
    draft = path.with_name(f"{path.name}.new")
    draft.write_text(text, "utf-8")
    os.replace(draft, path)  # noqa: PTH105 - atomic by definition


def _listed(values: np.ndarray[Any, np.dtype[np.float64]]) -> list[float | None]:
    return [value if isfinite(value) else None for value in values.tolist()]


def _floats(values: list[float | None]) -> np.ndarray[Any, np.dtype[np.float64]]:
    return np.array([nan if value is None else value for value in values], dtype=np.float64)
