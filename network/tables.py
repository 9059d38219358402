"""Every table a scenario may give: its columns, units, defaults and meaning, said once.

Reading, checks and the generated documentation all follow these declarations.

The data frames that `load_scenario` returns have these columns in this order. Texts (also `period`: ``"1"``, ``"2"``…
or ``"*"``) are of pandas' string type, whole numbers int64, numbers float64, moments datetime64[us] without a time
zone. An optional column that a table leaves out is filled with its default; an optional column without a default
(`supply.unit_cost`) holds NaN.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

Kind = Literal["text", "whole number", "number", "period", "moment", "day"]
FIRST_STORAGE_TYPE = "the first storage type"


@dataclass(frozen=True)
class Column:
    """One column of a table.

    Attributes
    ----------
    kind : str
        What a cell holds; ``period`` is the number of a period from 1, or ``*`` for every period; ``moment`` a date and
        clock time in the scenario's time zone; ``day`` a date.
    unit : str
        Empty for a name.
    key : bool
        Whether the column belongs to the key, which no two rows may share.
    names : str or None
        What a text names: ``zone``, ``product``, ``node``…; the name must be defined.
    wildcard : bool
        Whether ``*`` stands for every name without a row of its own.
    required : bool
        Whether the table must have the column and fill every cell.
    default : str, float or None
        Fills an optional column; none: NaN.
    least, most : float or None
        Range, ends included; `above` excludes its end.
    beyond : bool
        Of a period: whether rows for periods after the horizon are left out rather than wrong.
    """

    name: str
    kind: Kind
    meaning: str
    unit: str = ""
    key: bool = False
    names: str | None = None
    wildcard: bool = False
    required: bool = True
    default: str | float | None = None
    least: float | None = None
    above: float | None = None
    most: float | None = None
    beyond: bool = False


@dataclass(frozen=True)
class Table:
    """A table: where a scenario names it, and its columns.

    Attributes
    ----------
    path : tuple of str
        Key path of its source in the scenario file.
    parameters : bool
        Whether the columns of the demand distribution follow the others.
    """

    name: str
    path: tuple[str, ...]
    meaning: str
    columns: tuple[Column, ...]
    parameters: bool = False


def _name(name: str, names: str | None, meaning: str, wildcard: bool = False) -> Column:
    return Column(name, "text", meaning, key=True, names=names, wildcard=wildcard)


def _money(name: str, meaning: str, unit: str = "money", required: bool = True) -> Column:
    return Column(name, "number", meaning, unit, least=0, required=required)


def _amount(name: str, unit: str, meaning: str) -> Column:
    return Column(name, "number", meaning, unit, least=0)


def _count(name: str, unit: str, meaning: str, default: int | None = None, least: int = 1) -> Column:
    return Column(name, "whole number", meaning, unit, least=least, required=default is None, default=default)


_PERIOD = Column("period", "period", "period, from 1; `*`: every period without a row of its own", key=True)
_SHARE = Column("share", "number", "share of the group's demand; a group's shares sum to 1", least=0, most=1)
_WEIGHT = Column("max_weight_kg", "number", "heaviest package at this price", "kg", key=True, above=0)
_GROUP = _name("group", "group", "product group; `*`: every group without rows of its own", wildcard=True)
_SPEED_ZONE = replace(_name("zone", "zone", "demand zone", wildcard=True), required=False, default="*")

TABLES: tuple[Table, ...] = (
    Table(
        "zones",
        ("zones",),
        "Where customers are.",
        (
            _name("zone", None, "name of the demand zone"),
            Column("lat", "number", "latitude", "degrees north", least=-90, most=90),
            Column("lon", "number", "longitude", "degrees east", least=-180, most=180),
            _amount("population", "people", "weight of the zone where demand is spread by population"),
        ),
    ),
    Table(
        "products",
        ("products",),
        "What is sold.",
        (
            _name("product", None, "name of the product"),
            Column("group", "text", "product group, for the mixes", required=False, default="all"),
            _amount("volume_m3", "m³", "volume of one unit"),
            _amount("weight_kg", "kg", "weight of one unit"),
            _money("unit_cost", "purchase cost of one unit", "money per unit"),
            _money("price", "selling price of one unit", "money per unit"),
            Column(
                "storage_type",
                "text",
                "storage it needs",
                names="storage type",
                required=False,
                default=FIRST_STORAGE_TYPE,
            ),
        ),
    ),
    Table(
        "supply",
        ("supply",),
        "Which vendors sell which product, and how.",
        (
            _name("product", "product", "product; `*`: every product without rows of its own", wildcard=True),
            _name("vendor", "vendor", "vendor that sells it"),
            _money(
                "unit_cost", "price at this vendor; none: the product's unit cost", "money per unit", required=False
            ),
            _count("minimum_order", "units", "least units in one order", default=1),
            _count("pack", "units", "orders are multiples of this", default=1),
        ),
    ),
    Table(
        "rates",
        ("outbound", "rates"),
        "Rate card: what a package costs by service, distance band and weight.",
        (
            _name("service", "service", "service of the scenario"),
            Column("band", "whole number", "distance band, from 1 (the nearest)", key=True, least=1),
            _WEIGHT,
            _money("cost", "cost of one package", "money per package"),
        ),
    ),
    Table(
        "outbound",
        ("outbound", "table"),
        "Transit and cost of customer packages, given whole.",
        (
            _name("service", None, "name of the service"),
            _name("node", "customer node", "node that ships; it serves customers"),
            _name("zone", "zone", "zone served"),
            _WEIGHT,
            _amount("transit_days", "days", "days from shipping to delivery"),
            _money("cost", "cost of one package", "money per package"),
        ),
    ),
    Table(
        "demand",
        ("demand", "whole"),
        "Random demand, given whole: a distribution for every product, zone, speed and period.",
        (
            _name("product", "product", "product"),
            _name("zone", "zone", "demand zone"),
            _name("speed", "speed", "speed the customer chooses"),
            _PERIOD,
        ),
        parameters=True,
    ),
    Table(
        "product_demand",
        ("demand", "products"),
        "Random demand by product and period, spread over zones and speeds by the two mixes.",
        (_name("product", "product", "product"), _PERIOD),
        parameters=True,
    ),
    Table(
        "zone_mix",
        ("demand", "zone_mix"),
        "How a group's demand falls on the zones.",
        (_GROUP, _name("zone", "zone", "demand zone"), _SHARE),
    ),
    Table(
        "speed_mix",
        ("demand", "speed_mix"),
        "How a group's demand in a zone falls on the speeds.",
        (_GROUP, _SPEED_ZONE, _name("speed", "speed", "speed the customer chooses"), _SHARE),
    ),
    Table(
        "initial_stock",
        ("initial_stock",),
        "Units on hand on the first day; without the table a simulation starts at its targets.",
        (
            _name("product", "product", "product"),
            _name("node", "stocking node", "node that holds it"),
            _count("units", "units", "units on hand", least=0),
        ),
    ),
    Table(
        "open_orders",
        ("open_orders",),
        "Orders placed earlier and still on their way.",
        (
            _name("product", "product", "product"),
            _name("from", "node", "vendor or upstream node that shipped"),
            _name("to", "stocking node", "node that receives"),
            _count("units", "units", "units on the way"),
            Column("arrives_day", "number", "arrival, from the horizon's start", "days", key=True, least=0),
        ),
    ),
    Table(
        "orders",
        ("simulation", "orders"),
        "Recorded orders, a row a line: a simulation replays them instead of drawing random ones. The rows of an order"
        " agree in all but product and units; lines of one product are added up.",
        (
            Column("order", "text", "which order the line belongs to"),
            Column(
                "placed", "moment", "when the customer ordered, in the scenario's time zone; on a day that is simulated"
            ),
            replace(_name("zone", "zone", "zone of the customer"), key=False),
            replace(_name("speed", "speed", "speed the customer chose"), key=False),
            replace(_name("product", "product", "product"), key=False),
            _count("units", "units", "units ordered"),
        ),
    ),
)

_MEAN = _amount("mean", "units per period", "mean")
_SD = _amount("sd", "units per period", "standard deviation")
_VALUE = _amount("value", "units per period", "demand")
_PROBABILITY = Column("probability", "number", "its probability; a key's rows sum to 1", least=0, most=1)
_LEVEL = Column("probability", "number", "probability of at most `value`, ascending", key=True, least=0, most=1)

PARAMETERS: dict[str, tuple[Column, ...]] = {
    "poisson": (_MEAN,),
    "negative_binomial": (
        _MEAN,
        Column("dispersion", "number", "variance over mean", least=1),
    ),
    "normal": (_MEAN, _SD),
    "gamma": (_MEAN, _SD),
    "empirical": (replace(_VALUE, key=True), _PROBABILITY),
    "quantiles": (_LEVEL, replace(_VALUE, meaning="demand; does not fall as the probability rises")),
}
"""Columns that describe demand, by distribution; empirical and quantiles take several rows a key."""


def only_simulated(name: str) -> bool:
    """Whether only the simulator reads a table: neither a plan nor the scenario's hash depends on it."""
    return any(table.name == name and table.path[0] == "simulation" for table in TABLES)


def columns_of(table: Table, distribution: str) -> tuple[Column, ...]:
    """Columns of a table in a scenario whose demand has this distribution."""
    return table.columns + (PARAMETERS[distribution] if table.parameters else ())
