"""The record of events, kept only when somebody asked for it."""

from __future__ import annotations

from meio.network.jit import kernel
from meio.simulation.state import State
from meio.simulation.world import World


@kernel
def note(state: State, kind: int, number: int, product: int, node: int, zone: int, speed: int, units: int) -> None:
    """Record an event at the present minute; does nothing when nobody asked for events."""
    log = state.log
    if len(log.kind) == 0:
        return
    event = log.size[0]
    if event == len(log.kind):
        state.full[0] = True
        return
    log.kind[event], log.minute[event], log.number[event] = kind, state.now[0], number
    log.product_idx[event], log.node_idx[event] = product, node
    log.zone_idx[event], log.speed_idx[event], log.units[event] = zone, speed, units
    log.size[0] += 1


@kernel
def note_slot(world: World, state: State, kind: int, number: int, slot: int, units: int) -> None:
    """Record an event of a product at a node; does nothing when nobody asked for events."""
    if len(state.log.kind) > 0:
        note(state, kind, number, world.supply.product_idx[slot], world.supply.node_idx[slot], -1, -1, units)
