"""Rounds on disk come back as they were, or not at all and with a reason."""

from __future__ import annotations

import errno
import os
import re
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from meio.blocks.checkpoint import MANIFEST, Checkpoint, CheckpointError
from meio.blocks.work_folder import WorkFolderError, only_run

IDENTITY = {"scenario": "f00d", "settings": "beef", "version": "0.1.0"}


def record(number: int) -> dict[str, np.ndarray]:
    random = np.random.default_rng(number)
    return {"storage": random.normal(size=(3, 2, 4)), "use": random.integers(9, size=5), "cost": np.array(number / 3)}


@pytest.fixture
def recorded(tmp_path: Path) -> Path:
    """Folder with three rounds."""
    checkpoint = Checkpoint(tmp_path / "work", IDENTITY)
    for number in (1, 2, 3):
        checkpoint.append(record(number))
    return tmp_path / "work"


def assert_rounds(folder: Path, num_rounds: int):
    found = Checkpoint(folder, IDENTITY).read()
    assert len(found) == num_rounds
    for number, arrays in enumerate(found, 1):
        right = record(number)
        assert arrays.keys() == right.keys()
        for name, array in right.items():
            np.testing.assert_array_equal(arrays[name], array, strict=True)


def test_rounds_come_back_bit_by_bit(recorded: Path):
    assert_rounds(recorded, 3)


def test_resumed_run_goes_on_after_what_it_read(recorded: Path):
    checkpoint = Checkpoint(recorded, IDENTITY)
    assert len(checkpoint.read()) == 3
    checkpoint.append(record(4))
    assert_rounds(recorded, 4)


def test_run_that_reads_nothing_begins_afresh(recorded: Path):
    Checkpoint(recorded, {**IDENTITY, "scenario": "another"}).append(record(1))
    Checkpoint(recorded, IDENTITY).append(record(1))
    assert_rounds(recorded, 1)


def test_nothing_recorded(tmp_path: Path):
    assert Checkpoint(tmp_path / "none", IDENTITY).read() == []


@pytest.mark.parametrize("name", IDENTITY)
def test_record_of_another_run_is_refused(recorded: Path, name: str):
    other = Checkpoint(recorded, {**IDENTITY, name: "another"})
    with pytest.raises(CheckpointError, match=f"{MANIFEST} is of another run: its {name} is '{IDENTITY[name]}'"):
        other.read()


def test_missing_round_is_named(recorded: Path):
    (recorded / "round-00002.npz").unlink()
    with pytest.raises(CheckpointError, match=r"round-00002\.npz cannot be read: No such file.*without --resume"):
        Checkpoint(recorded, IDENTITY).read()


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from([MANIFEST, "round-00001.npz", "round-00003.npz"]), st.data())
def test_damage_is_noticed_wherever_it_is(recorded: Path, name: str, data: st.DataObject):
    file = recorded / name
    content = file.read_bytes()
    place = data.draw(st.integers(0, len(content) - 1))
    damaged = data.draw(
        st.sampled_from(
            [
                content[:place],
                content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :],
                content[:place] + b"\0" * (len(content) - place),
            ]
        )
    )
    file.write_bytes(damaged)
    try:
        if damaged != content:
            with pytest.raises(CheckpointError, match=re.escape(str(recorded))):
                Checkpoint(recorded, IDENTITY).read()
    finally:
        file.write_bytes(content)


@pytest.mark.parametrize(
    "text", ["[]", "{}", "7", '{"identity": 3, "rounds": []}', '{"identity": {}, "rounds": 3}', ""]
)
def test_manifest_that_is_none(recorded: Path, text: str):
    (recorded / MANIFEST).write_text(text)
    with pytest.raises(CheckpointError, match=MANIFEST):
        Checkpoint(recorded, IDENTITY).read()


@pytest.fixture
def small_disk() -> Iterator[None]:
    """Whoever writes a file of more than 2000 bytes is told that it is too large."""
    former = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2000, former[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, former)
    signal.signal(signal.SIGXFSZ, handler)


@pytest.mark.usefixtures("small_disk")
def test_round_that_the_disk_refuses_leaves_the_earlier_ones(recorded: Path):
    checkpoint = Checkpoint(recorded, IDENTITY)
    checkpoint.read()
    with pytest.raises(CheckpointError, match=r"round 4 cannot be written to .*: File too large; 3 rounds .* kept"):
        checkpoint.append({"storage": np.zeros(10_000)})
    assert_rounds(recorded, 3)
    checkpoint.append(record(4))  # after space was made
    assert_rounds(recorded, 4)
    assert not list(recorded.glob(".*"))


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_full_disk_is_said(recorded: Path, call: str, monkeypatch: pytest.MonkeyPatch):
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    checkpoint = Checkpoint(recorded, IDENTITY)
    checkpoint.read()
    with monkeypatch.context() as patch:
        patch.setattr(*((os, "fsync", refuse) if call == "fsync" else (Path, "replace", refuse)))
        with pytest.raises(CheckpointError, match="No space left on device"):
            checkpoint.append(record(4))
    assert_rounds(recorded, 3)


HOLDER = """
import sys
from pathlib import Path
from meio.blocks.work_folder import only_run
with only_run(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_second_run_ends_at_once_until_the_first_has(tmp_path: Path):
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    command = [sys.executable, "-c", HOLDER, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with (
            pytest.raises(WorkFolderError, match=f"another run is writing to .*: process {holder.pid};"),
            only_run(tmp_path),
        ):
            pytest.fail("two runs in one folder")
        holder.kill()
    for _ in range(2):
        with only_run(tmp_path):
            pass


def test_folder_that_cannot_be_made(tmp_path: Path):
    (tmp_path / "file").touch()
    with pytest.raises(WorkFolderError, match="Not a directory"), only_run(tmp_path / "file" / "work"):
        pytest.fail("no folder can be there")
