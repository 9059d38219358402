"""Where other programs live: a virtual environment each, beside the repository's files, made on the first run."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

HOME = Path(__file__).parents[2] / ".peers"
REQUIREMENTS = {
    "stockpyl": ("stockpyl==1.0.2", "numpy<2"),
    "gym-invmgmt": ("gym-invmgmt==0.2.1",),
}


class NotInstalledError(RuntimeError):
    """A program that cannot be installed here."""


def peer_python(name: str) -> Path:
    """Return the Python that can import a program.

    Raises
    ------
    NotInstalledError
        When it cannot be installed.
    """
    home = HOME / name
    python, done = home / "bin" / "python", home / "installed"
    if not done.exists():
        try:
            _run(sys.executable, "-m", "venv", "--clear", home)
            _run(python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *REQUIREMENTS[name])
        except subprocess.CalledProcessError as error:
            why = error.stderr.strip().splitlines() or [str(error)]
            raise NotInstalledError(f"{name} could not be installed into {home}: {why[-1]}") from None
        done.touch()
    return python


def _run(*command: str | Path) -> None:
    subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603
