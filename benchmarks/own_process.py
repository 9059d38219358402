"""A size measured in a process of its own, so that its memory and caches are not another's."""

from __future__ import annotations

import json
import subprocess
import sys


def measured_alone(script: str, size: int, seed: int) -> dict[str, float]:
    """Return the figures that ``script --one SIZE --seed SEED`` prints."""
    command = [sys.executable, script, "--one", str(size), "--seed", str(seed)]
    answer: dict[str, float] = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)  # noqa: S603
    return answer
