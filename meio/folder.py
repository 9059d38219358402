"""Folders that a run may write: whole or not at all, and never in place of what something else wrote."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

FACTS = "run.json"
"""The file that marks a folder as an output; its `files` lists everything that was written beside it."""
RUN, GENERATED, FORECAST = "the output of a run", "generated", "forecast"
"""What such a folder holds; a generated scenario and a forecast are told by a key of that name in its facts."""
_HELD = {RUN: RUN, GENERATED: "a generated scenario", FORECAST: "a forecast"}


class OutputError(Exception):
    """An output folder that cannot be written, or that does not hold what is asked of it."""


class DiskError(OutputError):
    """The disk refused what was to be written: it is full, or not ours to write."""


def check_destination(folder: Path, *, kind: str = RUN) -> None:
    """Make sure, before any work is done, that an output folder may be written here.

    Parameters
    ----------
    folder : Path
        Where to write.
    kind : str
        What is to be written: `RUN`, `GENERATED` or `FORECAST`. It may only take the place of its like.

    Raises
    ------
    OutputError
        When it is a file, holds files that meio did not write or something else that it wrote, or lies where nothing
        can be written.
    """
    if folder.exists() and not folder.is_dir():
        raise OutputError(f"{folder} is a file; name a folder")
    stranger = _stranger(folder)
    if stranger is not None:
        raise OutputError(f"{folder} holds {stranger}, which meio did not write; name a new or empty folder")
    if (folder / FACTS).exists() and (held := _kind(read_facts(folder))) != kind:
        raise OutputError(f"{folder} holds {_HELD[held]}; name another folder")
    parent = next(place for place in folder.resolve().parents if place.exists())
    if not parent.is_dir() or not os.access(parent, os.W_OK | os.X_OK):
        raise OutputError(f"{folder} cannot be written: no folder can be made in {parent}")


@contextmanager
def replaced(folder: Path, *, kind: str = RUN) -> Iterator[Path]:
    """Lend an empty folder to fill; when that went well it takes the place of `folder`, else it vanishes.

    Raises
    ------
    OutputError
        As `check_destination`, or when the disk refuses.
    """
    check_destination(folder, kind=kind)
    place = folder.resolve()
    draft, former = (place.with_name(f".{place.name}.{os.getpid()}.{state}") for state in ("new", "old"))
    try:
        draft.mkdir(parents=True)
        yield draft
        if place.exists():
            place.rename(former)
        draft.rename(place)
    except OSError as error:
        raise DiskError(f"{folder} cannot be written: {error.strerror or error}") from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)
        shutil.rmtree(former, ignore_errors=True)


def read_facts(folder: Path) -> dict[str, Any]:
    """Return what ``run.json`` of an output folder says.

    Raises
    ------
    OutputError
        When the folder is not an output.
    """
    try:
        facts: dict[str, Any] = json.loads((folder / FACTS).read_text("utf-8"))
    except FileNotFoundError:
        reason = f"it has no {FACTS}" if folder.is_dir() else "there is no such folder"
        raise OutputError(f"{folder} is not an output folder of meio: {reason}") from None
    except (OSError, ValueError) as error:
        raise OutputError(f"{folder / FACTS} cannot be read: {error}") from error
    return facts


def files_in(folder: Path) -> set[str]:
    """Return the files below a folder, relative to it; none when there is no folder."""
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir()}


def _kind(facts: dict[str, Any]) -> str:
    return next((kind for kind in (GENERATED, FORECAST) if kind in facts), RUN)


def _stranger(folder: Path) -> str | None:
    """Return a file in the folder that no run says it wrote, if there is one."""
    if not folder.exists():
        return None
    if not (folder / FACTS).exists():
        return min((path.name for path in folder.iterdir()), default=None)
    return min(files_in(folder) - set(read_facts(folder)["files"]), default=None)
