"""Arrays behind references: read and written as ever, by indices from zero."""

import ast
from pathlib import Path
from typing import NamedTuple

import numba
import numpy as np

from meio.network.compiled import Floats, Ints
from meio.simulation.references import by_reference

ROOT = Path(__file__).parent.parent


class Group(NamedTuple):
    line: Ints
    table: Floats


@numba.njit
def entries(group: Group, row: int, column: int) -> tuple[float, float, int]:
    behind = by_reference(group)
    behind.table[row, column] += 0.5
    behind.line[row] = 10 * behind.line[row]
    behind.table[row] *= 2.0
    total = 0
    for units in behind.line[1:]:
        total += units
    return behind.table[row, column], behind.table[row].sum(), total


def test_entries_rows_and_slices_are_read_and_written():
    group = Group(np.arange(4), np.arange(12.0).reshape(4, 3))
    assert entries(group, 2, 1) == (15.0, 43.0, 1 + 20 + 3)
    assert group.line.tolist() == [0, 1, 20, 3]
    np.testing.assert_array_equal(group.table[2], [12.0, 15.0, 16.0])


def test_no_kernel_of_the_simulator_counts_from_the_end():
    """What is behind a reference takes no index below zero, and would not say so."""
    found = [
        f"{path.name}:{place.lineno}"
        for path in sorted((ROOT / "simulation").glob("*_kernels.py"))
        for place in ast.walk(ast.parse(path.read_text()))
        if isinstance(place, ast.Subscript) and isinstance(place.slice, ast.UnaryOp)
    ]
    assert found == []
