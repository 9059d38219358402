"""A study's output folder while it is worked on: what is finished stays, and a later start goes on from there."""

from __future__ import annotations

import json
import os
import shutil
from hashlib import sha256
from pathlib import Path
from typing import Any

from meio.folder import FACTS, DiskError, OutputError, check_destination, files_in
from meio.network.compiled import CompiledScenario
from meio.plans import Plan, load_plan
from meio.studies.records import Record, read_record, write_record, write_whole

STUDY = "study.json"
"""What was asked; a folder that holds it is a study's."""
START, BASE_PLAN = "start", "base"
"""Folders of the plan that every search begins from, and of the base's plan."""
_RECORDS = "records"
_TELLS = {
    "study": "the study asks for something else",
    "data": "the base scenario's files are not what they were",
    "versions": "it was begun with other versions of meio, Python or libraries",
}


class StudyFolder:
    """Finished variants and the base's plan, each written whole or not at all.

    Parameters
    ----------
    folder : Path
    asked : dict
        ``study``, ``data`` and ``versions``: what the results depend on.

    Raises
    ------
    OutputError
        When the folder holds something else, or a study that asked for something else.
    """

    def __init__(self, folder: Path, asked: dict[str, Any]) -> None:
        self.folder = folder
        plain = json.loads(json.dumps(asked, default=str))  # as it is read back
        if (folder / STUDY).is_file():
            _check_same(folder, _read(folder / STUDY), plain)
        else:
            if (folder / FACTS).exists():
                raise OutputError(f"{folder} holds the output of another run; name a new folder")
            check_destination(folder)
        try:
            (folder / _RECORDS).mkdir(parents=True, exist_ok=True)
            write_whole(folder / STUDY, json.dumps(plain, indent=2, ensure_ascii=False) + "\n")
        except OSError as error:
            raise DiskError(f"{folder} cannot be written: {error.strerror or error}") from error

    def plan(self, name: str, compiled: CompiledScenario) -> Plan | None:
        """A plan of the base, if it was finished."""
        place = self.folder / name
        if not place.is_dir():
            return None
        try:
            return load_plan(place, compiled)
        except (OSError, ValueError, KeyError) as error:
            raise OutputError(f"the plan in {place} cannot be read: {error}; remove {self.folder}") from error

    def keep_plan(self, name: str, plan: Plan, compiled: CompiledScenario) -> Plan:
        """Keep a plan of the base, and return it as any later start will read it."""
        draft = self.folder / f"{name}.new"
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir()
        plan.save(draft, compiled)
        os.replace(draft, self.folder / name)  # noqa: PTH105 - atomic by definition
        return load_plan(self.folder / name, compiled)

    def record(self, index: int, variant: str, base: Path) -> Record | None:
        """What was found of a variant, if it was finished.

        Raises
        ------
        OutputError
            When a file that the variant was read from has changed since, or the record is damaged.
        """
        path = self._record(index)
        if not path.is_file():
            return None
        try:
            record = read_record(path)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise OutputError(f"{path} cannot be read: {error}; remove it, and its variant is run again") from error
        for name, digest in record.data_hashes.items():
            if file_hash(base / name) != digest:
                raise OutputError(_refusal(self.folder, f"{base / name}, of the variant '{variant}', has changed"))
        return record

    def keep(self, index: int, record: Record) -> None:
        """Keep what was found of a variant."""
        write_record(self._record(index), record)

    def files(self) -> list[str]:
        """Everything in the folder; drafts that a killed run left behind are removed first."""
        for path in self.folder.rglob("*.new"):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        return sorted({*files_in(self.folder), FACTS})

    def _record(self, index: int) -> Path:
        return self.folder / _RECORDS / f"{index:04d}.json"


def file_hash(path: Path) -> str | None:
    """SHA-256 of a file; none when there is no such."""
    try:
        return sha256(path.read_bytes()).hexdigest()
    except OSError:
        return None


def _read(path: Path) -> dict[str, Any]:
    try:
        content: dict[str, Any] = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise OutputError(f"{path} cannot be read: {error}; name a new folder") from error
    return content


def _check_same(folder: Path, former: dict[str, Any], asked: dict[str, Any]) -> None:
    for part, reason in _TELLS.items():
        if former.get(part) != asked[part]:
            different = _first_difference(former.get(part), asked[part])
            raise OutputError(_refusal(folder, f"{reason} ({different})"))


def _refusal(folder: Path, reason: str) -> str:
    return f"{folder} holds an earlier study that cannot be gone on with: {reason}; name a new folder, or remove it"


def _first_difference(former: Any, asked: Any, path: str = "") -> str:
    """Say where two contents first differ."""
    if isinstance(former, dict) and isinstance(asked, dict):
        for key in [*asked, *former]:
            if former.get(key) != asked.get(key):
                return _first_difference(former.get(key), asked.get(key), f"{path}.{key}" if path else str(key))
    if isinstance(former, list) and isinstance(asked, list):
        if len(former) != len(asked):
            return f"{path}: {len(former)} entries then, {len(asked)} now"
        place = next(index for index, pair in enumerate(zip(former, asked, strict=True)) if pair[0] != pair[1])
        return _first_difference(former[place], asked[place], f"{path}.{place}")
    then, now = (json.dumps(one, ensure_ascii=False)[:60] for one in (former, asked))
    return f"{path}: {then} then, {now} now"
