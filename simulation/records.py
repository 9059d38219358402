"""Tables of every day and of every event, which a simulation keeps on request."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from meio.network.compiled import CompiledScenario, Ints
from meio.simulation.events import EVENTS, LOST
from meio.simulation.state import Log
from meio.simulation.tally import DEMAND, LATE_UNITS, LOST_UNITS, MONEY, ON_TIME, UNAVOIDABLE, Outcome

RECORDED_SERVICE = {"demand": DEMAND, "on_time": ON_TIME, "late": LATE_UNITS, "lost": LOST_UNITS}
MICROSECONDS_PER_MINUTE = 60e6


def daily_table(compiled: CompiledScenario, outcomes: Sequence[Outcome]) -> pd.DataFrame:
    """One row a replication and day; `SimulationResult.daily` lists the columns."""
    return pd.concat(
        [_days_of(compiled, outcome, replication) for replication, outcome in enumerate(outcomes, start=1)],
        ignore_index=True,
    )


def events_table(compiled: CompiledScenario, outcomes: Sequence[Outcome]) -> pd.DataFrame:
    """One row an event, in the order they happened; `SimulationResult.events` lists the columns."""
    return pd.concat(
        [
            _events_of(compiled, outcome.log, replication)
            for replication, outcome in enumerate(outcomes, start=1)
            if outcome.log is not None
        ],
        ignore_index=True,
    )


def _days_of(compiled: CompiledScenario, outcome: Outcome, replication: int) -> pd.DataFrame:
    tally, day = outcome.tally, np.arange(outcome.days)
    money, service = tally.money_by_day[day], tally.service_by_day[day]
    by_speed = {
        f"{name}:{speed}": service[:, index, kind]
        for name, kind in RECORDED_SERVICE.items()
        for index, speed in enumerate(compiled.names.speeds)
    }
    return pd.DataFrame(
        {
            "replication": replication,
            "day": day + 1,
            "date": np.datetime64(compiled.start, "us") + day.astype("timedelta64[D]"),
            **dict(zip(MONEY, money.T, strict=True)),
            "total": money[:, :UNAVOIDABLE].sum(axis=1),
            **by_speed,
            "stock_m3": tally.storage_m3[day].sum(axis=(1, 2)),
            "yard_m3": tally.yard_m3[day].sum(axis=1),
        }
    )


def _events_of(compiled: CompiledScenario, log: Log, replication: int) -> pd.DataFrame:
    names, size = compiled.names, int(log.size[0])
    microseconds = np.rint(log.minute[:size] * MICROSECONDS_PER_MINUTE).astype("timedelta64[us]")
    return pd.DataFrame(
        {
            "replication": replication,
            "moment": np.datetime64(compiled.start, "us") + microseconds,
            "event": _named(log.kind[:size], EVENTS),
            "number": log.number[:size] + (log.kind[:size] <= LOST),  # orders count from 1
            "product": _named(log.product_idx[:size], names.products),
            "node": _named(log.node_idx[:size], names.nodes),
            "zone": _named(log.zone_idx[:size], names.zones),
            "speed": _named(log.speed_idx[:size], names.speeds),
            "units": log.units[:size],
        }
    )


def _named(idx: Ints, names: Sequence[str]) -> pd.Categorical[str]:
    """Names by their places; missing where the place is -1."""
    return pd.Categorical.from_codes(idx, pd.Index(names))
