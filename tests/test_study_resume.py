"""A study gone on with after it was killed or interrupted, or refused because something changed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pandas as pd
import pytest
from scenario_files import ROOT, edited
from study_cases import LOST, contents, write_quickstart, written

import meio as library
from meio.folder import OutputError


def test_killed_half_way_and_started_again_it_gives_the_same_bytes(tmp_path):
    """SIGKILL after the base and at least one variant, before the last one."""
    grid = [{"grid": {"nodes.FC.storage_m3.standard": [1 + 0.3 * step for step in range(8)]}}]
    path = written(tmp_path, variations=grid)
    library.study(path, tmp_path / "whole")
    command = [sys.executable, "-c", "from meio.cli import main; main()", "study", path, "-o", tmp_path / "killed"]
    records = tmp_path / "killed" / "records"
    process = subprocess.Popen(list(map(str, [*command, "--workers", 1])), cwd=ROOT, stderr=subprocess.DEVNULL)
    while len(list(records.glob("*.json"))) < 2:
        assert process.poll() is None, "it ended before it could be killed"
        time.sleep(0.002)
    os.kill(process.pid, signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    finished = sorted(records.glob("*.json"))
    assert 2 <= len(finished) < 9
    kept = {record: record.stat().st_mtime_ns for record in finished}
    library.study(path, tmp_path / "killed", workers=2)
    assert contents(tmp_path / "killed") == contents(tmp_path / "whole")
    assert {record: record.stat().st_mtime_ns for record in finished} == kept  # what was finished was not run again


def test_ctrl_c_ends_with_130_and_a_table_of_what_is_finished(tmp_path):
    path = written(
        tmp_path, variations=[{"grid": {"nodes.FC.storage_m3.standard": [1 + 0.3 * step for step in range(8)]}}]
    )
    command = [sys.executable, "-c", "from meio.cli import main; main()", "study", path, "-o", tmp_path / "out"]
    process = subprocess.Popen(list(map(str, [*command, "--workers", 1])), cwd=ROOT, stderr=subprocess.PIPE, text=True)
    while len(list((tmp_path / "out" / "records").glob("*.json"))) < 2:
        assert process.poll() is None, "it ended before it could be interrupted"
        time.sleep(0.002)
    process.send_signal(signal.SIGINT)
    _, told = process.communicate()
    assert (process.returncode, told.splitlines()[-1]) == (130, "interrupted")
    status = pd.read_parquet(tmp_path / "out" / "variants.parquet")["status"].value_counts()
    assert status["done"] >= 2
    assert status["open"] >= 1


@pytest.mark.parametrize("left", ["start", "base"])
def test_drafts_that_a_kill_left_behind_do_no_harm(tmp_path, left):
    path = written(tmp_path, variations=LOST[:1])
    library.study(path, tmp_path / "whole")
    library.study(path, tmp_path / "out")
    draft = tmp_path / "out" / f"{left}.new"
    (tmp_path / "out" / left).rename(draft)
    (draft / "plan.json").unlink()
    (tmp_path / "out" / "records" / "0001.json").unlink()
    (tmp_path / "out" / "records" / "0001.json.new").write_text('{"half')
    library.study(path, tmp_path / "out")
    assert contents(tmp_path / "out") == contents(tmp_path / "whole")
    assert list((tmp_path / "out").rglob("*.new")) == []


def test_interrupted_it_keeps_what_is_finished(tmp_path):
    """Ctrl-C reaches the main thread, where progress of the first finished variant is told."""
    path = written(tmp_path, variations=[LOST[0], LOST[3]])

    def interrupt(_step, done, _total):
        if done > 200:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        library.study(path, tmp_path / "out", workers=1, progress=interrupt)
    variants = pd.read_parquet(tmp_path / "out" / "variants.parquet")
    assert variants["status"].iloc[0] == "done"
    assert "open" in set(variants["status"])
    library.study(path, tmp_path / "out")
    library.study(path, tmp_path / "whole")
    assert contents(tmp_path / "out") == contents(tmp_path / "whole")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda folder: written(folder, replications=5), "replications: 4 then, 5 now"),
        (
            lambda folder: written(folder, variations=[*LOST[:1], {**LOST[2], "plan": "anew"}, LOST[3]]),
            'variants.late.plan: "base" then, "anew" now',
        ),
        (lambda folder: write_quickstart(folder, edited(("mean: 70", "mean: 71"))), "the base scenario's files"),
    ],
)
def test_resuming_is_refused_when_the_study_or_its_data_changed(tmp_path, change, reason):
    path = written(tmp_path, variations=[LOST[0], LOST[2], LOST[3]])
    library.study(path, tmp_path / "out")
    before = contents(tmp_path / "out")
    change(tmp_path)
    with pytest.raises(OutputError, match="cannot be gone on with") as error:
        library.study(path, tmp_path / "out")
    assert reason in str(error.value)
    assert contents(tmp_path / "out") == before


def test_resuming_is_refused_when_a_table_of_one_variant_changed(tmp_path):
    supply = tmp_path / "supply.csv"
    supply.write_text("product,vendor,pack\n*,MILL,12\n")
    path = written(tmp_path, variations=[{"name": "packs", "set": {"supply": str(supply)}}])
    library.study(path, tmp_path / "out")
    supply.write_text("product,vendor,pack\n*,MILL,24\n")
    with pytest.raises(OutputError, match=r"supply\.csv, of the variant 'packs', has changed"):
        library.study(path, tmp_path / "out")


def test_comments_in_the_study_may_change(tmp_path):
    path = written(tmp_path, variations=LOST[:1])
    library.study(path, tmp_path / "out")
    path.write_text(f"# why we ask\n{path.read_text()}")
    library.study(path, tmp_path / "out")


def test_a_folder_of_something_else_is_left_alone(tmp_path):
    path = written(tmp_path)
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "mine.txt").write_text("mine")
    with pytest.raises(OutputError, match=r"mine\.txt, which meio did not write"):
        library.study(path, tmp_path / "notes")
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "run.json").write_text('{"files": ["run.json"]}')
    with pytest.raises(OutputError, match="another run"):
        library.study(path, tmp_path / "run")
