"""What a simulation found out, as tidy tables, and the statistics that compare two of them."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.special import stdtrit


@dataclass(frozen=True, eq=False)
class SimulationResult:
    """Measures of one plan under one policy.

    Only the horizon's days count, not the warm-up. Periods and replications are numbered from 1; money is in the
    scenario's currency.

    Attributes
    ----------
    days : int
        Days counted in each replication.
    seconds : float
        Wall-clock time, on a machine's first run with the compilation of the kernels.
    orders_per_second : float
        Orders of all replications, warm-up included, per second.
    units_lost : int
        Units unaccounted for: 0, else the simulation raises an error.
    cost : data frame, one row a replication
        ``replication``, the kinds of cost ``purchase``, ``lane_transport``, ``outbound``, ``holding``, ``overflow``,
        ``late``, ``lost``, ``backorder``, ``stock_change`` (minus the value of stock gained), their sum ``total``,
        ``unavoidable`` (what the orders would cost with perfect stock everywhere) and ``controllable``, the difference.
    service : data frame, one row a replication and speed
        ``demand``, ``filled`` (= ``on_time`` + ``late``), ``lost``, ``owed`` at the end, in units;
        ``delivery_days_mean`` from order to delivery; ``fill_rate`` = filled / demand and ``on_time_rate`` = on_time /
        demand.
    use : data frame, one row a period, place and resource
        ``place`` is a node or lane, ``resource`` is ``storage:<type>`` (m³ at the close of a day, without the yard),
        ``inbound``, ``outbound`` or ``lane`` (units per day); ``capacity``, and ``mean``, ``p95``, ``max`` of use over
        the period's days and all replications.
    nodes : data frame, one row a node
        ``on_hand_mean``, ``on_hand_p95`` (units at the close of a day), ``yard_m3_mean``, ``turns`` (units shipped a
        year per unit on hand).
    network : data frame, one row a replication
        ``orders``, ``units_shipped``, ``outbound_cost_per_unit``, ``delivery_days_mean``, ``distance_km_mean``, and
        ``local_share``: shipped from the node nearest to the zone among those that serve customers.
    inventory : data frame, one row a period, node and storage type
        ``units_mean`` and ``m3_mean`` on hand at the close of a day.
    """

    policy: str
    seed: int
    replications: int
    days: int
    seconds: float
    orders_per_second: float
    units_lost: int
    cost: pd.DataFrame = field(repr=False)
    service: pd.DataFrame = field(repr=False)
    use: pd.DataFrame = field(repr=False)
    nodes: pd.DataFrame = field(repr=False)
    network: pd.DataFrame = field(repr=False)
    inventory: pd.DataFrame = field(repr=False)

    @property
    def capacity_use_max(self) -> float:
        """Largest mean use of a capacity over a period's days, as a share of it; 0 when nothing is limited."""
        return self._largest_share("mean")

    @property
    def capacity_use_day_max(self) -> float:
        """Largest use of a capacity on any day, as a share of it; 0 when nothing is limited."""
        return self._largest_share("max")

    def _largest_share(self, column: str) -> float:
        limited = self.use[np.isfinite(self.use["capacity"]) & (self.use["capacity"] > 0)]
        return float((limited[column] / limited["capacity"]).max()) if len(limited) else 0.0


def mean_ci95(values: ArrayLike) -> tuple[float, float, float]:
    """Mean and the ends of its 95% confidence interval (Student's t); both ends are NaN for a single value."""
    sample = np.asarray(values, dtype=np.float64)
    mean = float(sample.mean())
    if len(sample) < 2:
        return mean, float("nan"), float("nan")
    half_width = float(stdtrit(len(sample) - 1, 0.975) * sample.std(ddof=1) / np.sqrt(len(sample)))
    return mean, mean - half_width, mean + half_width


def paired_saving(baseline: SimulationResult, plan: SimulationResult, column: str) -> tuple[float, float, float]:
    """Mean and 95% interval of baseline minus plan in a column of `cost`, paired by replication.

    Raises
    ------
    ValueError
        When the two were not simulated on the same random numbers.
    """
    if (baseline.seed, baseline.replications) != (plan.seed, plan.replications):
        raise ValueError("a paired comparison needs the same seed and number of replications in both simulations")
    return mean_ci95(baseline.cost[column].to_numpy() - plan.cost[column].to_numpy())
