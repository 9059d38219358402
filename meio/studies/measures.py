"""What variants are compared by: a part and a whole of each replication, and intervals of their ratio."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from meio.network.compiled import Floats
from meio.simulation.measures import SimulationResult
from meio.simulation.statistics import Estimate, mean_ci95, ratio_ci95

SHARE = "share"
_RATES = {"fill_rate": "filled", "on_time": "on_time"}
_COUNTS = {"orders": "orders", "units_shipped": "units", "packages": "packages"}
_MEANS = {"delivery_days_mean": "days", "distance_km_mean": "km", "local_share": SHARE}


class Measure(NamedTuple):
    """One measure of one system: the sum of its parts over the sum of its wholes."""

    name: str
    unit: str
    part: Floats
    """[replication]"""
    whole: Floats
    """[replication]; ones for a plain mean"""

    @property
    def ratios(self) -> Floats:
        """The measure in each replication, [replication]; NaN where the whole is 0."""
        empty = np.full_like(self.part, np.nan)
        return np.divide(self.part, self.whole, out=empty, where=self.whole != 0)

    def estimate(self) -> Estimate:
        """The measure with its 95% interval; that of a share ends at 0 and 1."""
        mean, low, high = ratio_ci95(self.part, self.whole)
        return (mean, max(low, 0.0), min(high, 1.0)) if self.unit == SHARE else (mean, low, high)

    def difference(self, base: Measure) -> Estimate:
        """The measure minus that of another system, with its 95% interval, paired replication by replication.

        Notes
        -----
        Ratios are paired by their linear parts, part − ratio × whole over the mean whole (the delta method), which for
        plain means is Student's interval of the paired differences.
        """
        own, other = ratio_ci95(self.part, self.whole)[0], ratio_ci95(base.part, base.whole)[0]
        _, low, high = mean_ci95(_residuals(self, own) - _residuals(base, other))
        return own - other, own - other + low, own - other + high


def _residuals(measure: Measure, ratio: float) -> Floats:
    """How far each replication leads the ratio off, [replication]; they sum to 0."""
    residuals: Floats = (measure.part - ratio * measure.whole) / measure.whole.mean()
    return residuals


def measures_of(result: SimulationResult, currency: str) -> Iterator[Measure]:
    """Measures of a simulation.

    ``cost`` is the total, ``cost:<kind>`` its parts, ``controllable_cost`` what is left of it with perfect stock
    everywhere; ``fill_rate`` and ``on_time`` are shares of the units demanded, of all speeds and of each.
    """
    cost, network = result.cost.drop(columns=["replication"]), result.network
    ones = np.ones(len(cost))
    yield Measure("cost", currency, cost["total"].to_numpy(), ones)
    yield Measure("controllable_cost", currency, cost["controllable"].to_numpy(), ones)
    service = result.service
    by_speed = [(f":{speed}", rows) for speed, rows in service.groupby("speed", sort=False)]
    for name, column in _RATES.items():
        for speed, rows in [("", service), *by_speed]:
            sums = rows.groupby("replication")[[column, "demand"]].sum()
            yield Measure(f"{name}{speed}", SHARE, _floats(sums[column]), _floats(sums["demand"]))
    yield Measure(
        "outbound_cost_per_unit", f"{currency}/unit", _floats(cost["outbound"]), _floats(network["units_shipped"])
    )
    for kind in cost.columns.difference(["total", "controllable"], sort=False):
        yield Measure(f"cost:{kind}", currency, cost[kind].to_numpy(), ones)
    for name, unit in {**_COUNTS, **_MEANS}.items():
        yield Measure(name, unit, _floats(network[name]), ones)


def _floats(column: object) -> Floats:
    return np.asarray(column, dtype=np.float64)
