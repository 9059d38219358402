"""An output folder is written whole or not at all, and never in place of what something else wrote."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from meio.folder import FACTS, OutputError, check_destination, read_facts, replaced


def write(folder: Path, **contents: str) -> None:
    """Write an output with the given files, as a run does."""
    with replaced(folder) as draft:
        for name, text in contents.items():
            (draft / name).write_text(text)
        (draft / FACTS).write_text(json.dumps({"files": [FACTS, *contents]}))


def contents(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text() for path in folder.iterdir() if path.name != FACTS}


def test_later_output_replaces_the_earlier_as_a_whole(tmp_path: Path):
    write(tmp_path / "out", summary="1", old="1")
    write(tmp_path / "out", summary="2")
    assert contents(tmp_path / "out") == {"summary": "2"}
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_missing_parents_are_made(tmp_path: Path):
    write(tmp_path / "a" / "b", summary="1")
    assert contents(tmp_path / "a" / "b") == {"summary": "1"}


def test_empty_folder_may_be_filled(tmp_path: Path):
    (tmp_path / "out").mkdir()
    write(tmp_path / "out", summary="1")
    assert contents(tmp_path / "out") == {"summary": "1"}


def test_failure_leaves_the_earlier_output(tmp_path: Path):
    write(tmp_path / "out", summary="1")
    with pytest.raises(ZeroDivisionError), replaced(tmp_path / "out") as draft:
        (draft / "summary").write_text(str(1 / 0))
    assert contents(tmp_path / "out") == {"summary": "1"}
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_full_disk_is_an_output_error(tmp_path: Path):
    with (
        pytest.raises(OutputError, match=r"out cannot be written: No space left on device$"),
        replaced(tmp_path / "out"),
    ):
        raise OSError(28, "No space left on device")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("earlier", [False, True])
def test_folder_with_other_files_is_refused(tmp_path: Path, earlier: bool):
    if earlier:
        write(tmp_path / "out", summary="1")
    (tmp_path / "out").mkdir(exist_ok=True)
    (tmp_path / "out" / "notes.txt").write_text("mine")
    with pytest.raises(
        OutputError, match=r"out holds notes\.txt, which meio did not write; name a new or empty folder$"
    ):
        write(tmp_path / "out", summary="2")
    assert (tmp_path / "out" / "notes.txt").read_text() == "mine"


def test_file_is_refused(tmp_path: Path):
    (tmp_path / "out").write_text("mine")
    with pytest.raises(OutputError, match=r"out is a file; name a folder$"):
        check_destination(tmp_path / "out")


def test_folder_below_a_file_is_refused(tmp_path: Path):
    (tmp_path / "file").write_text("mine")
    with pytest.raises(OutputError, match=r"out cannot be written: no folder can be made in .*file$"):
        check_destination(tmp_path / "file" / "out")


def test_folder_that_is_no_output(tmp_path: Path):
    with pytest.raises(OutputError, match=r"is not an output folder of meio: it has no run\.json$"):
        read_facts(tmp_path)


def test_no_folder(tmp_path: Path):
    with pytest.raises(OutputError, match=r"is not an output folder of meio: there is no such folder$"):
        read_facts(tmp_path / "nowhere")


def test_damaged_facts(tmp_path: Path):
    (tmp_path / FACTS).write_text("{")
    with pytest.raises(OutputError, match=r"run\.json cannot be read: Expecting property name"):
        read_facts(tmp_path)
