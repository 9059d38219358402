"""However a program ends, the processes it started end with it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ENVIRONMENT = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
UNGUARDED = """
from meio.blocks.executors.processes import ProcessExecutor
executor = ProcessExecutor(1)
executor.open(abs, 1)
list(executor.map(max, 1))
"""


def alive(pid: int) -> bool:
    """Whether a process runs; one that ended and was not asked for its result does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.skipif(not Path("/proc").exists(), reason="reads /proc")
@pytest.mark.parametrize("kind", ["processes", "dask"])
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_no_process_outlives_its_program(kind: str, how: signal.Signals, tmp_path: Path):
    if kind == "dask":
        pytest.importorskip("distributed")
    command = [sys.executable, str(HERE / "blocks_program.py"), kind, str(tmp_path / "diary")]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True, env=ENVIRONMENT
    ) as program:
        assert program.stdout is not None
        workers = [int(pid) for pid in program.stdout.readline().split()]
        assert len(workers) == 2
        assert all(map(alive, workers))
        time.sleep(0.3)  # they work
        if how == signal.SIGINT:
            os.killpg(program.pid, how)  # as Ctrl-C does
        else:
            program.kill()
        _, said = program.communicate(timeout=60)
    assert (b"KeyboardInterrupt" in said) == (how == signal.SIGINT)
    assert b":distributed." not in said  # nobody wants to read Dask's log
    end = time.monotonic() + 10
    while any(map(alive, workers)) and time.monotonic() < end:
        time.sleep(0.05)
    assert not any(map(alive, workers))


def test_program_that_would_start_itself_again_is_told(tmp_path: Path):
    (tmp_path / "program.py").write_text(UNGUARDED)
    ended = subprocess.run(
        [sys.executable, str(tmp_path / "program.py")], capture_output=True, text=True, env=ENVIRONMENT, check=False
    )
    assert ended.returncode == 1
    assert "must keep its own work below: if __name__ == '__main__':" in ended.stderr
