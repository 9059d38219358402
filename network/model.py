"""The scenario as a person reads it: named, validated, frozen.

Short things (nodes, lanes, speeds) are objects; long things (products, zones, demand) are data frames whose
columns `meio.network.tables` lists. `meio.network.compile` turns a scenario into arrays for the kernels.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Annotated, Literal, Self

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, model_validator

from meio.network.units import ClockMinutes, Days
from meio.views import card, line

Share = Annotated[float, Field(ge=0, le=1)]
Money = Annotated[float, Field(ge=0)]
PerPeriod = Annotated[float, Field(ge=0)] | list[Annotated[float, Field(ge=0)]]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
ALL_WEEK: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
TableSource = str | list[dict[str, str | float | int | None]]
EVERY = "*"  # in a table's key column: holds for every product (or group) without a row of its own


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class NodeKind(StrEnum):
    """What a site is; how deep it lies in the network follows from the lanes, never from this."""

    VENDOR = "vendor"
    DISTRIBUTION_CENTRE = "distribution_centre"
    FULFILMENT_CENTRE = "fulfilment_centre"
    SAME_DAY_SITE = "same_day_site"


class Unserved(StrEnum):
    """What becomes of an order that no node can serve within its promise."""

    LOST = "lost"
    LATE = "late"
    BACKORDERED = "backordered"


class Horizon(_Record):
    """When the plan begins, how long it is, and how a day's orders spread over its hours."""

    start: date = Field(description="first day of the first period")
    periods: int = Field(ge=1, le=10_000, description="number of planning periods")
    period_days: int = Field(default=7, ge=1, le=10_000, description="days in a period")
    warm_up_days: int = Field(default=0, ge=0, le=10_000, description="days simulated before the start, not counted")
    time_zone: str = Field(default="UTC", description="IANA name of the zone whose midnight starts a day")
    hourly_profile: Annotated[list[Annotated[float, Field(ge=0)]], Field(min_length=24, max_length=24)] = Field(
        default=[1.0] * 24, description="relative order intensity of the 24 hours"
    )

    @property
    def simulated_days(self) -> tuple[int, int]:
        """First day simulated, counted from the start, and the day after the last."""
        return -self.warm_up_days, self.periods * self.period_days

    @property
    def simulated_dates(self) -> str:
        """The days simulated, in words."""
        begin = np.datetime64(self.start)  # its calendar does not end with the year 9999
        first, last = (
            begin + np.timedelta64(day, "D") for day in (-self.warm_up_days, self.periods * self.period_days - 1)
        )
        return f"from {first}{' (warm-up)' if self.warm_up_days else ''} to {last}"


class HoldingCost(_Record):
    """Cost of keeping one unit for one day: the sum of its three parts."""

    per_unit_day: Money = Field(default=0.0, description="money per unit and day")
    per_m3_day: Money = Field(default=0.0, description="money per m³ and day")
    of_unit_cost_per_year: Money = Field(default=0.0, description="share of the unit cost per year")


class Penalty(_Record):
    """Money per unit: a fixed part and a share of the product's price."""

    per_unit: Money = Field(default=0.0, description="money per unit")
    of_price: Money = Field(default=0.0, description="share of the price")


class Node(_Record):
    """A vendor or a stocking site, with what it can hold, take in and ship."""

    kind: NodeKind = Field(description="what the site is")
    lat: float = Field(ge=-90, le=90, description="degrees north")
    lon: float = Field(ge=-180, le=180, description="degrees east")
    storage_m3: dict[str, PerPeriod | Literal["unlimited"]] = Field(
        default={}, description="m³ by storage type; a type not named is not stocked here"
    )
    inbound_units_per_day: PerPeriod | None = Field(default=None, description="units received per day; none: no limit")
    outbound_units_per_day: PerPeriod | None = Field(
        default=None, description="units shipped per day, to customers and downstream; none: no limit"
    )
    cutoff: dict[str, ClockMinutes] = Field(default={}, description="cut-off by speed, before the speed's own")
    ship_days: list[Weekday] = Field(default=list(ALL_WEEK), min_length=1, description="days on which the node ships")
    ships_to_customers: bool | None = Field(
        default=None, description="serves customer orders; none: fulfilment centres and same-day sites do"
    )
    holding: HoldingCost | None = Field(default=None, description="before the scenario's own holding cost")

    @property
    def serves_customers(self) -> bool:
        """Whether customer orders may be assigned here."""
        if self.ships_to_customers is None:
            return self.kind in (NodeKind.FULFILMENT_CENTRE, NodeKind.SAME_DAY_SITE)
        return self.ships_to_customers


class LeadTime(_Record):
    """Distribution of the time from shipping to arrival on a lane."""

    distribution: Literal["deterministic", "gamma", "lognormal", "empirical"] = Field(
        default="deterministic", description="shape of the distribution"
    )
    mean: Days | None = Field(default=None, description="mean; not for empirical")
    cv: float | None = Field(default=None, ge=0, description="coefficient of variation; gamma and lognormal")
    values: list[Days] | None = Field(default=None, min_length=1, description="observed lead times; empirical")

    @model_validator(mode="after")
    def _fields_fit_the_distribution(self) -> Self:
        wants = {
            "deterministic": {"mean"},
            "gamma": {"mean", "cv"},
            "lognormal": {"mean", "cv"},
            "empirical": {"values"},
        }
        found = {name for name in ("mean", "cv", "values") if getattr(self, name) is not None}
        if found != wants[self.distribution]:
            raise ValueError(f"{' and '.join(sorted(wants[self.distribution]))} for a {self.distribution} lead time")
        return self


class Review(_Record):
    """When a product-node on this lane may order: every so many days from an offset, or at each demand."""

    every: Days = Field(default=1.0, description="review interval; whole days, 0: an order at each demand")
    offset: Days = Field(default=0.0, description="first review after the horizon's start; whole days")


class LaneCost(_Record):
    """Transport cost of one unit on a lane: the sum of its three parts."""

    per_unit: Money = Field(default=0.0, description="money per unit")
    per_kg: Money = Field(default=0.0, description="money per kg")
    per_m3: Money = Field(default=0.0, description="money per m³")


class Lane(_Record):
    """A way to supply a node from a vendor or from an upstream node."""

    source: str = Field(alias="from", description="vendor or upstream node")
    destination: str = Field(alias="to", description="node supplied")
    lead_time: LeadTime = Field(description="time from shipping to arrival")
    cost: LaneCost = Field(default=LaneCost(), description="transport cost")
    review: Review = Field(default=Review(), description="when orders may be placed")
    minimum_order: int = Field(default=1, ge=1, le=10**9, description="least units in one order")
    pack: int = Field(default=1, ge=1, le=10**9, description="orders are multiples of this many units")
    capacity_units_per_day: PerPeriod | None = Field(default=None, description="units shipped per day; none: no limit")
    departs: list[Weekday] = Field(
        default=list(ALL_WEEK), min_length=1, description="days on which the lane departs, if its source ships then"
    )
    crossover: bool = Field(default=False, description="whether a later order may overtake an earlier one")


class Speed(_Record):
    """A delivery promise, and what missing it costs."""

    promise: Days = Field(description="longest time from order to delivery")
    cutoff: ClockMinutes = Field(default=1440, description="orders before this clock time ship the same day")
    when_unserved: Unserved = Field(default=Unserved.LOST, description="fate of orders that nobody can serve in time")
    lost: Penalty = Field(default=Penalty(of_price=1.0), description="cost of a lost unit")
    late: Penalty = Field(default=Penalty(), description="cost of a unit served late")
    backordered_per_day: Penalty = Field(default=Penalty(), description="cost of a backordered unit per day")


class Service(_Record):
    """A carrier service whose days and prices follow from the distance band."""

    transit_days: list[Days] = Field(min_length=1, description="days by distance band; not offered beyond the last")
    nodes: list[str] | None = Field(default=None, description="nodes that offer it; none: every node serving customers")


class Outbound(_Record):
    """How customer packages travel: computed from distance bands and a rate card, or given whole as a table."""

    distance_bands_km: list[Annotated[float, Field(gt=0)]] | None = Field(
        default=None, description="upper bound of each band but the last, ascending"
    )
    services: dict[str, Service] | None = Field(default=None, description="carrier services by name")
    rates: TableSource | None = Field(default=None, description="table `rates`: money by service, band and weight")
    table: TableSource | None = Field(
        default=None, description="table `outbound`: transit and cost given whole, without the other three"
    )

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        computed = (self.distance_bands_km, self.services, self.rates)
        whole = self.table is not None and all(part is None for part in computed)
        if not whole and not (self.table is None and all(part is not None for part in computed)):
            raise ValueError("either table, or distance_bands_km with services and rates")
        return self


class Demand(_Record):
    """Random demand in units per period, given whole or factorised."""

    distribution: Literal["poisson", "negative_binomial", "normal", "gamma", "empirical", "quantiles"] = Field(
        description="distribution of every demand; its parameters are columns of the demand table; a "
        "forecast has its own"
    )
    whole: TableSource | None = Field(
        default=None, description="table `demand`: given whole, for every product, zone, speed and period"
    )
    products: TableSource | None = Field(
        default=None, description="table `product_demand`: by product and period, spread by the two mixes"
    )
    forecast: str | None = Field(
        default=None, description="folder that `meio forecast` wrote, in place of `whole` or `products`"
    )
    zone_mix: TableSource | None = Field(default=None, description="table `zone_mix`; none: by population")
    speed_mix: TableSource | None = Field(default=None, description="table `speed_mix`; none: the only speed")

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        if (self.whole is None) == (self.products is None) and self.forecast is None:
            raise ValueError("either whole, or products (with zone_mix and speed_mix), or forecast")
        if self.whole is not None and (self.zone_mix is not None or self.speed_mix is not None):
            raise ValueError("zone_mix and speed_mix only with products")
        return self


class Costs(_Record):
    """Money that is not tied to one lane, service or speed."""

    currency: str = Field(default="USD", description="three-letter code, for labels")
    holding: HoldingCost = Field(
        default=HoldingCost(of_unit_cost_per_year=0.2), description="of nodes without their own"
    )
    overflow_per_m3_day: Money = Field(default=0.0, description="stock waiting in the yard, money per m³ and day")
    end_stock_value: Share = Field(
        default=1.0, description="worth of stock left at the end, share of the least cost of having it there"
    )


class Planning(_Record):
    """How long the optimizer may look for prices."""

    max_iterations: int = Field(default=30, ge=1, description="evaluations of the dual")
    target_gap: float = Field(default=5e-3, gt=0, description="relative dual gap at which it stops")
    max_seconds: float | None = Field(default=None, gt=0, description="time for finding prices; none: no limit")
    refinement_rounds: int = Field(
        default=50, ge=0, description="rounds in which targets improve on sampled paths; 0: none"
    )


class LaneName(_Record):
    """A lane by its two ends; parallel lanes are meant together."""

    source: str = Field(alias="from", description="vendor or upstream node")
    destination: str = Field(alias="to", description="node supplied")


class Disruption(_Record):
    """Days on which a node, a lane or a vendor has less capacity than usual, unknown to the plan."""

    node: str | None = Field(default=None, description="stocking node that receives and ships less")
    lane: LaneName | None = Field(default=None, description="lane that carries less")
    vendor: str | None = Field(default=None, description="vendor all of whose lanes carry less")
    begins: date = Field(description="first day")
    ends: date = Field(description="last day")
    capacity: Share = Field(default=0.0, description="share of the capacity that is left; 0: down")

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if sum(place is not None for place in (self.node, self.lane, self.vendor)) != 1:
            raise ValueError("exactly one of node, lane and vendor")
        return self


Policy = Literal["nearest", "priced", "reserve", "batch"]
Shortage = Literal["by_value", "in_proportion"]


class Simulation(_Record):
    """How the plan is proven."""

    replications: int = Field(default=10, ge=2, description="sample paths")
    policy: Policy = Field(
        default="priced",
        description="assignment of orders to nodes: least outbound cost; that and the plan's prices; the same with "
        "stock reserved for faster speeds; all orders of a batch together",
    )
    batch_minutes: int = Field(default=60, ge=1, le=1440, description="length of a batch of orders; policy batch")
    shortage: Shortage = Field(
        default="by_value", description="who gets an upstream node's last units: the most valuable need, or each a part"
    )
    baskets: Annotated[list[Annotated[float, Field(ge=0)]], Field(min_length=1, max_length=100)] = Field(
        default=[1.0], description="relative number of orders with one, two, three… units"
    )
    orders: TableSource | None = Field(
        default=None, description="table `orders`: recorded orders in place of random ones"
    )
    disruptions: list[Disruption] = Field(default=[], description="when nodes, lanes or vendors fail")


class ScenarioFile(_Record):
    """The YAML file, as written: the shape of `meio schema`."""

    name: str = Field(min_length=1, description="short name, for results")
    description: str = Field(default="", description="what the scenario is about")
    extends: str | None = Field(default=None, description="another scenario file; this one's keys win")
    horizon: Horizon = Field(description="when the plan begins and how long it is")
    storage_types: list[str] = Field(default=["standard"], min_length=1, description="kinds of storage, such as bulky")
    nodes: dict[str, Node] = Field(min_length=1, description="vendors and stocking sites by name")
    lanes: list[Lane] = Field(description="ways to supply a node")
    zones: TableSource = Field(description="table `zones`: where customers are")
    speeds: dict[str, Speed] = Field(min_length=1, description="delivery promises by name")
    outbound: Outbound = Field(description="how customer packages travel")
    products: TableSource = Field(description="table `products`: what is sold")
    supply: TableSource = Field(description="table `supply`: which vendors sell what")
    initial_stock: TableSource | None = Field(default=None, description="table `initial_stock`: units on hand")
    open_orders: TableSource | None = Field(default=None, description="table `open_orders`: orders on their way")
    demand: Demand = Field(description="random demand")
    costs: Costs = Field(default=Costs(), description="costs of the whole network")
    planning: Planning = Field(default=Planning(), description="how long the optimizer may look")
    simulation: Simulation = Field(default=Simulation(), description="how the plan is proven")


@dataclass(frozen=True, eq=False)
class Scenario:
    """A checked scenario: the file as read, its tables as data frames, and the hashes that identify both.

    Attributes
    ----------
    file : ScenarioFile
        Everything written in YAML.
    tables : dict of str to pandas.DataFrame
        One frame per table name of `meio.network.tables.TABLES` that the scenario gives, checked and typed. Optional
        columns are present, filled with their defaults; ``*`` keys are kept as written.
    hash : str
        SHA-256 over the merged YAML and every table's content, hexadecimal; without what says how to plan and to
        simulate.
    data_hashes : dict of str to str
        SHA-256 of each file read, by its path relative to the scenario's folder.
    """

    file: ScenarioFile
    tables: dict[str, pd.DataFrame]
    hash: str
    data_hashes: dict[str, str]

    def __repr__(self) -> str:
        return line(f"Scenario '{self.file.name}'", self._figures())

    def _repr_html_(self) -> str:
        return card(f"Scenario '{self.file.name}'", self._figures())

    def _figures(self) -> list[tuple[str, str]]:
        """What a person wants to know first, by name."""
        file, horizon = self.file, self.file.horizon
        vendors = sum(node.kind == NodeKind.VENDOR for node in file.nodes.values())
        return [
            ("products", f"{len(self.tables['products']):,}"),
            ("sites", f"{len(file.nodes) - vendors:,}"),
            ("vendors", f"{vendors:,}"),
            ("zones", f"{len(self.tables['zones']):,}"),
            ("speeds", ", ".join(file.speeds)),
            ("horizon", f"{horizon.periods:,} periods of {horizon.period_days:,} days from {horizon.start}"),
            ("demand", file.demand.distribution.replace("_", " ")),
            ("money", file.costs.currency),
        ]
