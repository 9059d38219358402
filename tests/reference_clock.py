"""The reference simulator's clock: SimPy's event list, with a rank for what comes first at one instant."""

from fractions import Fraction

import simpy

# What happens at one instant, in this order; up to the close it belongs to the day that ends. (SimPy starts processes
# and ends runs with priority 0, before all.)
LAST_RELEASE, LAST_BATCH, CLOSE, YARD, ARRIVAL, CATCH_UP, RELEASE, REVIEW, ORDER = range(1, 10)
MINUTES_PER_DAY = 1440


class Clock(simpy.Environment):
    """Minutes from the horizon's first midnight.

    SimPy adds a delay to the time it is. With floating-point numbers the sum may be rounded, and events meant for one
    instant come apart; so time is a fraction, and every sum exact.
    """

    def __init__(self, first_day):
        super().__init__(initial_time=Fraction(first_day * MINUTES_PER_DAY))

    @property
    def minute(self):
        return float(self.now)

    def at(self, minute, rank):
        """An event for a process to wait for."""
        return _Instant(self, minute, rank)

    def call_at(self, minute, rank, action, *arguments):
        self.at(minute, rank).callbacks.append(lambda _: action(*arguments))


class _Instant(simpy.Event):
    def __init__(self, clock, minute, rank):
        super().__init__(clock)
        self._ok, self._value = True, None
        clock.schedule(self, rank, Fraction(minute) - clock.now)
