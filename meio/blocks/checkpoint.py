"""What a search has asked and been answered, round by round on disk, so that it can go on after anything."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from meio.blocks.work_folder import WorkFolderError

Record = Mapping[str, NDArray[Any]]
"""Arrays of one round, by name."""

MANIFEST = "checkpoint.json"
FORMAT = "2"

_AFRESH = "begin afresh without --resume"


class CheckpointError(WorkFolderError):
    """A checkpoint that cannot be read, cannot be written or belongs to another run; the text says what to do."""


class Checkpoint:
    """An append-only record of rounds in a folder.

    Every round is a file of its own, on disk before `append` returns. The manifest names the rounds with their
    checksums, and counts: a round that it does not name was never recorded. Whoever `read` nothing begins afresh.

    Parameters
    ----------
    folder : Path
        Where to write; made when there is none. Hold it by `meio.blocks.work_folder.only_run`.
    identity : mapping of str to str
        What a run must share with an earlier one to go on from its rounds: scenario, settings, version.
    """

    def __init__(self, folder: Path, identity: Mapping[str, str]) -> None:
        self._folder, self._identity = folder, {"format": FORMAT, **identity}
        self._checksums: list[str] = []

    def read(self) -> list[Record]:
        """Return the rounds that were recorded, none when there is no record; what is appended then follows them.

        Raises
        ------
        CheckpointError
            When a file is missing, damaged or not ours, or the record is that of another run.
        """
        manifest = self._folder / MANIFEST
        if not manifest.exists():
            return []
        identity, checksums = _parsed(manifest)
        self._check_identity(manifest, identity)
        records = [self._round(number, checksum) for number, checksum in enumerate(checksums, 1)]
        self._checksums = checksums
        return records

    def append(self, record: Record) -> None:
        """Record another round.

        Raises
        ------
        CheckpointError
            When it cannot be written; the earlier rounds stay.
        """
        content = _packed(record)
        checksums = [*self._checksums, sha256(content).hexdigest()]
        manifest = {"identity": self._identity, "rounds": checksums}
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            _write(self._path(len(checksums)), content)
            _write(self._folder / MANIFEST, json.dumps(manifest, indent=1).encode())
        except OSError as error:
            kept = f"{len(self._checksums)} rounds before are kept; --resume goes on from there"
            raise CheckpointError(
                f"round {len(checksums)} cannot be written to {self._folder}: {error.strerror or error}; {kept}"
            ) from error
        self._checksums = checksums

    def _path(self, number: int) -> Path:
        return self._folder / f"round-{number:05}.npz"

    def _check_identity(self, manifest: Path, found: Mapping[str, str]) -> None:
        for name in {**self._identity, **found}:
            if found.get(name) != self._identity.get(name):
                raise CheckpointError(
                    f"{manifest} is of another run: its {name} is {found.get(name)!r}, here it is "
                    f"{self._identity.get(name)!r}; resume with what it was begun with, or {_AFRESH}"
                )

    def _round(self, number: int, checksum: str) -> Record:
        path = self._path(number)
        content = _read(path)
        if sha256(content).hexdigest() != checksum:
            raise CheckpointError(f"{path} is damaged: it is not what was written; {_AFRESH}")
        with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
            return dict(arrays)


def _packed(record: Record) -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **record)
    return buffer.getvalue()


def _parsed(manifest: Path) -> tuple[dict[str, str], list[str]]:
    """Identity and checksums in a manifest."""
    try:
        found = json.loads(_read(manifest))
        return dict(found["identity"]), [str(checksum) for checksum in found["rounds"]]
    except (ValueError, KeyError, TypeError) as error:
        raise CheckpointError(f"{manifest} is damaged ({error}); {_AFRESH}") from error


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise CheckpointError(f"{path} cannot be read: {error.strerror or error}; {_AFRESH}") from error


def _write(path: Path, content: bytes) -> None:
    """Write a file whole or not at all, and wait until the disk has it."""
    draft = path.with_name(f".{path.name}.new")
    try:
        with draft.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError:
        draft.unlink(missing_ok=True)
        raise
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)  # else the name may be lost with the power
    finally:
        os.close(folder)
