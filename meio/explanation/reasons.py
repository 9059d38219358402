"""What an explanation consists of."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Demand:
    """Demand of a node's own customers, or of all it feeds, over the time that its stock must cover; units."""

    mean: float
    sd: float
    by_speed: dict[str, float]
    by_zone: dict[str, float]


@dataclass(frozen=True)
class Shortage:
    """Where customers of one speed go when the node is short.

    Attributes
    ----------
    to : str
        Another node, ``lost`` or ``owed``.
    share : float
        Of the node's own demand.
    extra_cost : float
        Money per unit more than serving it here; per unit and day where it is owed.
    """

    speed: str
    to: str
    share: float
    extra_cost: float


@dataclass(frozen=True)
class LastUnit:
    """What the last unit of the target saves, money per day, and what it costs.

    Attributes
    ----------
    at_node, in_region, in_nation : float
        Saved when the node is short, when its region is too, and when the nation is. An upstream node's unit saves what
        it is worth to the nodes it feeds.
    charge : float
        What it costs to have.
    worth : float
        What is left.
    """

    at_node: float
    in_region: float
    in_nation: float
    charge: float
    worth: float


@dataclass(frozen=True)
class Move:
    """By how many units one cause moves the target."""

    cause: str
    units: float


@dataclass(frozen=True)
class PeriodReasons:
    """Why a target of one review period is what it is.

    Attributes
    ----------
    period, used_in_period : int
        When the target holds, and the period whose customers its stock meets one lead time later; from 1.
    target : float
        Units.
    national_demand_over_window : float
        Mean demand of everywhere over lead time and review interval, units.
    unit_value : float
        What taking a unit costs the network beyond shipping, money.
    storage_price_per_unit_day, inbound_price_per_unit, outbound_price_per_unit : float
        Capacity prices at the node, money.
    demand : Demand
    shortages : tuple of Shortage
        Empty where the node serves no customers itself.
    underage : float or None
        Their average extra cost, money per unit, of those not owed.
    overage : dict of str to float
        Parts of what one more unit costs, money per day; a saving upstream is negative.
    paid : dict of str to float
        Parts of what bringing a unit here, and shipping it, costs besides the package, money.
    critical_ratio : float or None
        Share of demand worth covering: 1 less overage over what a unit short everywhere costs.
    covered : float
        Probability that the target covers the demand; upstream, while the nodes it feeds stay at their targets.
    last_unit : LastUnit
    spill_out, spill_in : float
        Units per period that the node cannot serve, and that it serves for others.
    units_for_dearer_speeds : float
        Units of the target that only speeds pay for that cost more to miss than the cheapest one.
    feeds : dict of str to float
        Targets of the nodes it feeds, units.
    at_no_prices : float
        Level without capacity prices, before packs and rounding, units.
    moved_by : tuple of Move
        What leads from there to the target, in this order.
    """

    period: int
    used_in_period: int
    target: float
    national_demand_over_window: float
    unit_value: float
    storage_price_per_unit_day: float
    inbound_price_per_unit: float
    outbound_price_per_unit: float
    demand: Demand
    shortages: tuple[Shortage, ...]
    underage: float | None
    overage: dict[str, float]
    paid: dict[str, float]
    critical_ratio: float | None
    covered: float
    last_unit: LastUnit
    spill_out: float
    spill_in: float
    units_for_dearer_speeds: float
    feeds: dict[str, float]
    at_no_prices: float
    moved_by: tuple[Move, ...]


@dataclass(frozen=True)
class Explanation:
    """A target taken apart, period by period.

    Attributes
    ----------
    lane : str
        On which the node orders the product.
    lead_time_days, review_every_days, departure_wait_days, window_days : float
        Of that lane: its mean lead time, its review interval, the mean wait of an order for a day of departure; the
        window is all together.
    holding_cost_per_unit_day, transport_cost_per_unit : float
        Money, without prices.
    """

    product: str
    node: str
    lane: str
    lead_time_days: float
    review_every_days: float
    departure_wait_days: float
    window_days: float
    holding_cost_per_unit_day: float
    transport_cost_per_unit: float
    periods: tuple[PeriodReasons, ...]
