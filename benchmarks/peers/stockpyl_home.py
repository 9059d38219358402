"""Where stockpyl lives: a virtual environment beside the repository's files, made on the first run."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

HOME = Path(__file__).parents[2] / ".peers" / "stockpyl"
REQUIREMENTS = ("stockpyl==1.0.2", "numpy<2")


def stockpyl_python() -> Path:
    """Return the Python that can import stockpyl.

    Raises
    ------
    SystemExit
        When it cannot be installed.
    """
    python, done = HOME / "bin" / "python", HOME / "installed"
    if not done.exists():
        try:
            _run(sys.executable, "-m", "venv", "--clear", HOME)
            _run(python, "-m", "pip", "install", "--quiet", *REQUIREMENTS)
        except subprocess.CalledProcessError as error:
            raise SystemExit(
                f"stockpyl could not be installed into {HOME}; --no-peers leaves it and SimPy out\n{error.stderr}"
            ) from None
        done.touch()
    return python


def _run(*command: str | Path) -> None:
    subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603
