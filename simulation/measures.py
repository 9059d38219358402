"""What a simulation found out, as tidy tables."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from meio.views import card, line


@dataclass(frozen=True, eq=False)
class SampleEstimate:
    """How a result was estimated from some of the products, and how far it may be off.

    Attributes
    ----------
    products, of : int
        Products simulated, and products of the catalogue.
    certain : int
        Of those simulated, how many stand for themselves alone: the dear and fast ones.
    shared : tuple of str
        Capacities that the products share; the others were a load on them. Empty: nothing couples the products.
    intervals : data frame, one row a measure
        ``measure`` is ``cost:<kind>``, ``fill_rate:<speed>``, ``on_time:<speed>`` or ``outbound_cost_per_unit``;
        ``mean``, ``low`` and ``high``, the ends of its 95% interval, and its standard errors: ``products_sd`` from
        having drawn these products, ``paths_sd`` from having drawn these paths.
    strata : data frame, one row a stratum
        ``storage_type`` (empty where all are drawn), ``products``, ``drawn``, and their planned ``money_share`` and
        ``units_share`` of the catalogue.
    """

    products: int
    of: int
    certain: int
    shared: tuple[str, ...]
    intervals: pd.DataFrame = field(repr=False)
    strata: pd.DataFrame = field(repr=False)

    def interval(self, measure: str) -> tuple[float, float, float]:
        """Mean and the ends of the 95% interval of a measure."""
        row = self.intervals[self.intervals["measure"] == measure]
        mean, low, high = row[["mean", "low", "high"]].to_numpy(dtype=np.float64)[0].tolist()
        return mean, low, high


@dataclass(frozen=True, eq=False)
class SimulationResult:
    """Measures of one plan under one policy.

    Only the horizon's days count, not the warm-up. Periods and replications are numbered from 1; money is in the
    scenario's currency.

    Attributes
    ----------
    currency : str
        Label of money in the scenario.
    days : int
        Days counted in each replication.
    seconds : float
        Wall-clock time, on a machine's first run with the compilation of the kernels.
    orders_per_second : float
        Orders of all replications, warm-up included, per second.
    units_lost : int
        Units unaccounted for: 0, else the simulation raises an error.
    stopped : str or None
        Why it ended early: what a policy of the user's did, or that someone interrupted it. Tables are then of the
        replications that were complete, or else of the one that stopped; `daily` and `events` are of all.
    precision : float or None
        Relative half-width of the interval of mean total cost that was asked for; none: replications were given.
    warm_up_days_suggested : int or None
        First days that count and hold notably more or less stock than later ones, because every node starts with its
        full target on hand; 0: none, or the scenario gives the stock. None when the simulation cannot tell: fewer
        than two replications, or the plan's targets change by a tenth within the first four weeks.
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
        ``orders``, ``units_shipped``, ``packages``, ``packages_per_order``, ``cost_per_unit`` (total cost over units
        shipped), ``outbound_cost_per_unit``, ``delivery_days_mean``, ``distance_km_mean``, and ``local_share``: shipped
        from the node nearest to the zone among those that serve customers.
    bands : data frame, one row a replication and distance band
        ``band`` from 1, ``up_to_km`` (infinite for the last), ``units`` and ``packages`` shipped to customers, and
        ``share`` of the units; a scenario without distance bands has one.
    shipments : data frame, one row a node and zone that it shipped to
        ``units_per_day``, mean over the replications.
    inventory : data frame, one row a period, node and storage type
        ``units_mean`` and ``m3_mean`` on hand at the close of a day.
    daily : data frame, one row a replication and day; None unless asked for
        ``day`` from 1, its ``date``; the kinds of cost charged on it, ``total`` and ``unavoidable``, as in `cost`; for
        each speed ``demand:<speed>``, ``on_time:<speed>``, ``late:<speed>``, ``lost:<speed>``: units recorded on the
        day (an order when it comes, a delivery when it is assigned a node); ``stock_m3`` and ``yard_m3`` in all nodes
        at the close.
    events : data frame, one row an event as they happened; None unless asked for
        ``moment`` in the scenario's calendar, warm-up included; ``event``, a name of `meio.simulation.events.EVENTS`;
        ``number`` of the customer order, from 1, or of the shipment, from 0, -1 for none; ``product``; ``node`` that
        ships, orders or receives, ``zone`` and ``speed`` of the customer order, each missing where an event has none;
        ``units``.
    estimate : SampleEstimate or None
        When only some products were simulated: every table is then an estimate for all of them, and intervals over
        replications leave out the error of the sample, which those of the estimate have.
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
    bands: pd.DataFrame = field(repr=False)
    shipments: pd.DataFrame = field(repr=False)
    stopped: str | None = None
    precision: float | None = None
    warm_up_days_suggested: int | None = None
    daily: pd.DataFrame | None = field(default=None, repr=False)
    events: pd.DataFrame | None = field(default=None, repr=False)
    currency: str = ""
    estimate: SampleEstimate | None = None

    def __repr__(self) -> str:
        from meio.simulation.result_view import figures

        return line(f"Simulation under policy '{self.policy}'", figures(self))

    def _repr_html_(self) -> str:
        from meio.simulation.result_view import figures

        return card(f"Simulation under policy '{self.policy}'", figures(self))

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
