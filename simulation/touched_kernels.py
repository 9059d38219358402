"""Slots that received units somebody waits for, first in, first out, each at most once."""

from __future__ import annotations

from meio.network.jit import kernel
from meio.simulation.state import Touched


@kernel
def touch(touched: Touched, slot: int) -> None:
    """Note a slot, unless it is noted already."""
    if not touched.listed[slot]:
        touched.listed[slot] = True
        touched.ring[(touched.begin[0] + touched.size[0]) % len(touched.ring)] = slot
        touched.size[0] += 1


@kernel
def take_touched(touched: Touched) -> int:
    """Take out the slot noted first."""
    slot = touched.ring[touched.begin[0]]
    touched.listed[slot] = False
    touched.begin[0] = (touched.begin[0] + 1) % len(touched.ring)
    touched.size[0] -= 1
    return int(slot)
