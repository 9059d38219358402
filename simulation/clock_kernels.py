"""Days, weekdays, periods and cut-offs."""

from __future__ import annotations

import math

from meio.network.jit import kernel
from meio.network.units import MINUTES_PER_DAY
from meio.simulation.world import Clock, World

DAYS_PER_WEEK = 7


@kernel
def period_of(clock: Clock, day: int) -> int:
    """Period from 0 whose parameters hold on a day: the first in the warm-up, the last after the horizon."""
    return int(clock.period[day - clock.first_day])


@kernel
def day_of(minute: float) -> int:
    """Day in which a minute lies: the quotient rounded down, without the remainder that `//` looks for."""
    day = math.floor(minute / MINUTES_PER_DAY)
    return int(day - (day * MINUTES_PER_DAY > minute))  # the quotient may have been rounded up


@kernel
def weekday_of(clock: Clock, day: int) -> int:
    """Weekday of a day, Monday 0."""
    return (clock.first_weekday + day) % DAYS_PER_WEEK


@kernel
def ships_on(world: World, node: int, day: int) -> bool:
    """Whether a node ships on a day at all."""
    return bool(world.nodes.ship_delay_days[node, weekday_of(world.clock, day), 0] == 0)


@kernel
def shipping_delay(world: World, node: int, speed: int, day: int, minute: float) -> int:
    """Days until a node ships an order of a speed that it can serve at this minute of a day, its close included."""
    after_cutoff = int(minute - day * MINUTES_PER_DAY >= world.nodes.cutoff_minute[node, speed])
    return int(world.nodes.ship_delay_days[node, weekday_of(world.clock, day), after_cutoff])
