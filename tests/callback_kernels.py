"""A kernel that calls back, for tests."""

from __future__ import annotations

from meio.network.compiled import Ints
from meio.network.jit import kernel
from meio.simulation.callback import call_back


@kernel
def sum_of_answers(address: int, answer: Ints, times: int) -> int:
    """Add up, over so many calls, what the function returns and what it leaves in the array."""
    total = 0
    for _ in range(times):
        total += call_back(address)
        total += answer[0]
    return total
