"""A catalogue on the command line: planned, killed, resumed, explained; and everything that may go wrong on the way."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from catalogue_cases import catalogue_tables, write_catalogue
from conftest import Ended

from meio import catalogue_plans

PRODUCTS, PER_BLOCK, ROUNDS = 90, 30, 4
ROOT = Path(__file__).parents[1]
NODES = {
    "north": {"storage_m3": {"sortable": 8.0, "bulky": 60.0}, "outbound_units_per_day": 400.0},
    "south": {"storage_m3": {"sortable": 6.0, "bulky": 50.0}, "outbound_units_per_day": 300.0},
}
SCRIPT = """
import sys
from meio import catalogue_plans
from meio.blocks.checkpoint import Checkpoint

catalogue_plans.PRODUCTS_PER_BLOCK = {per_block}
append = Checkpoint.append

def told(self, record):
    append(self, record)
    print("kept", flush=True)
    sys.stdin.readline()

if {slowly}:
    Checkpoint.append = told
if __name__ == "__main__":
    from meio.cli import main
    main()
"""
Meio = Callable[..., Ended]


@pytest.fixture(autouse=True)
def _small_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogue_plans, "PRODUCTS_PER_BLOCK", PER_BLOCK)


@pytest.fixture(scope="module")
def catalogue(tmp_path_factory: pytest.TempPathFactory) -> Path:
    planning = {"max_iterations": ROUNDS, "target_gap": 0.05}
    folder = tmp_path_factory.mktemp("catalogue")
    return write_catalogue(folder, catalogue_tables(PRODUCTS), {"products": 10}, nodes=NODES, planning=planning)


@pytest.fixture(scope="module")
def reference(catalogue: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The output of an undisturbed run."""
    folder = tmp_path_factory.mktemp("reference") / "out"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(catalogue_plans, "PRODUCTS_PER_BLOCK", PER_BLOCK)
        catalogue_plans.plan_catalogue(catalogue, folder, workers=1)
    return folder


def run_beside(catalogue: Path, output: Path, *options: str, slowly: bool = False) -> subprocess.Popen[str]:
    """Plan in a process of its own; `slowly`: it tells of every record that it keeps, and waits for a line."""
    script = SCRIPT.format(per_block=PER_BLOCK, slowly=slowly)
    command = [sys.executable, "-c", script, "plan", str(catalogue), "-o", str(output), *options]
    piped = subprocess.PIPE
    return subprocess.Popen(command, cwd=ROOT, stdin=piped, stdout=piped, stderr=piped, text=True)


def assert_same(output: Path, reference: Path) -> None:
    """Tables equal to the last bit."""
    for name in ("targets", "orders", "prices", "usage", "convergence"):
        tables = (pd.read_parquet(folder / f"{name}.parquet") for folder in (output, reference))
        pd.testing.assert_frame_equal(*tables, check_exact=True)


def test_a_catalogue_is_planned_and_written(meio: Meio, catalogue: Path, reference: Path, tmp_path: Path) -> None:
    output = tmp_path / "out"
    ended = meio("plan", catalogue, "-o", output, "--json", "--workers", 1)
    assert (ended.code, ended.err) == (0, "")
    summary = json.loads(ended.out)
    assert summary == json.loads((output / "summary.json").read_text())
    assert summary["scenario"]["products"] == PRODUCTS
    assert summary["plan"]["bound_kind"] == "valid"
    assert summary["plan"]["lower_bound"] < summary["plan"]["planned_cost"]
    assert summary["plan"]["lost_blocks"] == 0
    assert_same(output, reference)
    files = {path.relative_to(output).as_posix() for path in output.rglob("*") if path.is_file()}
    assert files == set(json.loads((output / "run.json").read_text())["files"])
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_plan_of_the_same_catalogue_takes_its_place(meio: Meio, catalogue: Path, tmp_path: Path) -> None:
    output = tmp_path / "out"
    for rounds in (1, 2):
        assert meio("plan", catalogue, "-o", output, "--set", f"planning.max_iterations={rounds}").code in (0, 5)
    assert len(pd.read_parquet(output / "convergence.parquet")) % 2 == 0


def test_a_killed_run_is_resumed_with_the_same_result(
    meio: Meio, catalogue: Path, reference: Path, tmp_path: Path
) -> None:
    output = tmp_path / "out"
    with run_beside(catalogue, output, slowly=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for _ in range(3):  # a search, a round, a search
            assert process.stdout.readline() == "kept\n"
            if _ < 2:
                process.stdin.write("\n")
                process.stdin.flush()
        process.send_signal(signal.SIGKILL)
    assert not output.exists()
    assert meio("plan", catalogue, "-o", output, "--resume").code == 0
    assert_same(output, reference)
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_two_runs_into_one_folder(meio: Meio, catalogue: Path, tmp_path: Path) -> None:
    output = tmp_path / "out"
    with run_beside(catalogue, output, slowly=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "kept\n"
        ended = meio("plan", catalogue, "-o", output)
        assert ended.code == 1
        assert f"another run is writing to {tmp_path}/.out.work: process {process.pid}" in ended.err
        process.kill()
    assert meio("plan", catalogue, "-o", output).code == 0


def test_a_corrupt_checkpoint(meio: Meio, catalogue: Path, tmp_path: Path) -> None:
    output = tmp_path / "out"
    with run_beside(catalogue, output, slowly=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "kept\n"
        process.kill()
    kept = tmp_path / ".out.work" / "rounds" / "round-00001.npz"
    kept.write_bytes(kept.read_bytes()[:-40] + bytes(40))
    ended = meio("plan", catalogue, "-o", output, "--resume")
    assert ended.code == 1
    assert f"{kept} is damaged" in ended.err
    assert "without --resume" in ended.err
    assert meio("plan", catalogue, "-o", output).code == 0


def test_a_checkpoint_of_other_settings(meio: Meio, catalogue: Path, tmp_path: Path) -> None:
    output = tmp_path / "out"
    with run_beside(catalogue, output, slowly=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "kept\n"
        process.kill()
    ended = meio("plan", catalogue, "-o", output, "--resume", "--set", "planning.max_iterations=9")
    assert ended.code == 1
    assert "is of another run: its settings" in ended.err


def test_a_full_disk_leaves_what_was_there(catalogue: Path, tmp_path: Path, meio: Meio) -> None:
    """A limit on the size of files refuses to write as a full disk does."""
    output = tmp_path / "out"
    assert meio("plan", catalogue, "-o", output, "--set", "planning.max_iterations=1").code in (0, 5)
    before = {path: path.read_bytes() for path in output.rglob("*") if path.is_file()}
    script = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))\n"
    script += SCRIPT.format(per_block=PER_BLOCK, slowly=False)
    command = [sys.executable, "-B", "-c", script, "plan", str(catalogue), "-o", str(output)]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert "cannot be written" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert {path: path.read_bytes() for path in output.rglob("*") if path.is_file()} == before


def test_a_block_that_cannot_be_read_is_reported(meio: Meio, tmp_path: Path) -> None:
    tables = catalogue_tables(PRODUCTS)
    tables["products"].loc[40, "unit_cost"] = -1.0
    planning = {"max_iterations": ROUNDS, "target_gap": 0.05}
    path = write_catalogue(tmp_path, tables, {"products": 10}, nodes=NODES, planning=planning)
    output = tmp_path / "out"
    ended = meio("plan", path, "-o", output)
    assert ended.code == 1
    assert "not planned: products 31 to 60 of the table: ScenarioError" in ended.err
    assert "found -1" in ended.err
    assert "the plan of all others is written" in ended.err
    planned = set(pd.read_parquet(output / "targets.parquet")["product"].astype("str"))
    assert planned == {*tables["products"]["product"][:30], *tables["products"]["product"][60:]}
    lost = pd.read_parquet(output / "lost.parquet")
    assert lost[["block", "first_product", "last_product"]].to_numpy().tolist() == [[1, 31, 60]]


def test_a_target_is_explained_from_its_block(meio: Meio, reference: Path) -> None:
    row = pd.read_parquet(reference / "targets.parquet").iloc[-1]
    ended = meio("explain", reference, "--product", row["product"], "--node", row["node"], "--period", row["period"])
    assert ended.code == 0
    assert f"period {row['period']}      target {row['target']:g} unit" in ended.out.replace("s,", ",")
    ended = meio("explain", reference, "--product", "nobody", "--node", row["node"])
    assert ended.code == 2
    assert "product 'nobody' is not in the scenario" in ended.err


def test_only_a_catalogue_has_blocks(meio: Meio, tmp_path: Path) -> None:
    ended = meio("plan", ROOT / "scenarios" / "quickstart.yaml", "-o", tmp_path / "out", "--executor", "serial")
    assert ended.code == 3
    assert "expected the path of a Parquet file" in ended.err


def test_an_executor_nobody_knows(meio: Meio, catalogue: Path, tmp_path: Path) -> None:
    ended = meio("plan", catalogue, "-o", tmp_path / "out", "--executor", "threads")
    assert ended.code == 2
    assert "executor: found 'threads', expected serial, processes, dask, dask=ADDRESS" in ended.err
