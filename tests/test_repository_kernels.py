"""Cached machine code is never older than anything it was compiled from."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

KERNELS = """
from meio.network.jit import kernel
from shop.helper_kernels import scaled

@kernel
def price(x):
    return scaled(x) + 1
"""
HELPER = """
from meio.network.jit import kernel
from shop.constants import FACTOR

@kernel
def scaled(x):
    return FACTOR * x
"""
SCRIPT = "from shop.kernels import price; print(price(10), sum(price.stats.cache_hits.values()))"


def priced(folder: Path) -> tuple[int, int]:
    """The kernel's result in a new process, and how often it was found in the cache."""
    printed = subprocess.run([sys.executable, "-c", SCRIPT], cwd=folder, capture_output=True, text=True, check=True)
    result, hits = printed.stdout.split()
    return int(result), int(hits)


def test_changed_constant_two_modules_away_is_seen(tmp_path: Path):
    package = tmp_path / "shop"
    package.mkdir()
    for name, text in {"__init__": "", "constants": "FACTOR = 2", "helper_kernels": HELPER, "kernels": KERNELS}.items():
        (package / f"{name}.py").write_text(text)
    assert priced(tmp_path) == (21, 0)
    assert priced(tmp_path) == (21, 1)
    (package / "constants.py").write_text("FACTOR = 333")
    assert priced(tmp_path) == (3331, 0)
