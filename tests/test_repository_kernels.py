"""Cached machine code is never older than what it was compiled from; kernels that count no references leak nothing."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numba.core.errors import TypingError
from numba.core.runtime import _nrt_python, rtsys
from planning_cases import evaluator, hub_and_coasts, two_coasts

from meio.network.compiled import CompiledScenario, Floats
from meio.network.jit import borrowing_kernel
from meio.optimizer.prices import no_prices

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


def test_borrowing_kernels_return_numbers_and_make_no_arrays() -> None:
    def returns_an_array(x: Floats) -> Floats:
        return x

    def makes_an_array(x: Floats) -> float:
        return float(np.empty(3).sum() + x[0])

    with pytest.raises(TypeError, match="returns numbers only"):
        borrowing_kernel(returns_an_array)
    with pytest.raises(TypingError):
        borrowing_kernel(makes_an_array)(np.ones(1))


def test_borrowing_kernels_ask_numpy_for_numbers_only() -> None:
    """Numba's methods of arrays (sum, min, …) make arrays: whether they compile depends on what was compiled before."""
    of_numbers = {"np.floor", "np.nextafter", "np.rint", "np.sqrt"}
    root = Path(__file__).parents[1]
    paths = [path for folder in ("meio", "network", "simulation") for path in (root / folder).rglob("*_kernels.py")]
    borrowing = 0
    for path in paths:
        for function in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(function, ast.FunctionDef) or "borrowing_kernel" not in map(
                ast.unparse, function.decorator_list
            ):
                continue
            borrowing += 1
            calls = [node.func for node in ast.walk(function) if isinstance(node, ast.Call)]
            asked = {ast.unparse(call) for call in calls if isinstance(call, ast.Attribute)}
            other = {name for name in asked if name.partition(".")[0] != "math"} - of_numbers
            assert not other, f"{path.name}: {function.name} asks {sorted(other)}: use array_kernels"
    assert borrowing > 100


@pytest.mark.parametrize("case", [two_coasts, hub_and_coasts])
def test_an_evaluation_frees_every_array_it_makes(case: Callable[[], CompiledScenario]) -> None:
    evaluate = evaluator(case())
    prices = no_prices(evaluate.shared.limit)
    evaluate(prices)
    _nrt_python.memsys_enable_stats()
    before = rtsys.get_allocation_stats()
    kept = evaluate(prices)
    after = rtsys.get_allocation_stats()
    _nrt_python.memsys_disable_stats()
    assert kept.cost > 0.0
    assert after.alloc > before.alloc
    assert after.alloc - before.alloc == after.free - before.free


def test_private_kernels_are_named_in_kernel_modules_only() -> None:
    """Python has no way into them; a call would end the process."""
    root = Path(__file__).parent.parent
    sources = [
        path for folder in ("meio", "network", "simulation", "benchmarks") for path in (root / folder).rglob("*.py")
    ]
    outside = [path for path in [*sources, *(root / "tests").glob("*.py")] if not path.stem.endswith("_kernels")]
    imported = [
        f"{path.name}: {name.name}"
        for path in outside
        for statement in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(statement, ast.ImportFrom) and (statement.module or "").endswith("_kernels")
        for name in statement.names
        if name.name.startswith("_")
    ]
    assert not imported
