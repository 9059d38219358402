"""What borrowing kernels may ask of an array: Numba's own methods for it make arrays on the way."""

from __future__ import annotations

import numpy as np

from meio.network.compiled import Floats, Ints
from meio.network.jit import borrowing_kernel


@borrowing_kernel
def least(values: Floats) -> float:
    """Return the smallest of values [entry]; inf: there is none."""
    smallest = np.inf
    for value in values:
        smallest = min(smallest, value)
    return smallest


@borrowing_kernel
def total(values: Floats | Ints) -> float:
    """Return the sum of values [entry], in their order."""
    result = 0.0
    for value in values:
        result += value
    return result
