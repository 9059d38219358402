"""The study file as written: a base scenario, what varies, and how variants are compared.

Parts of a scenario that stand in a study (a new node, a new value) are checked when the scenario they make is; here
they may be anything.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from meio.network.model import LaneName, Policy
from meio.network.units import Days

BASE = "base"
"""Name of the variant in which nothing varies."""

Planned = Literal["anew", "base"]
Factor = Annotated[float, Field(ge=0)]
Period = Annotated[int, Field(ge=1)]
Part = dict[str, Any]  # keys of the scenario format


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Opening(_Record):
    """A new node: the keys of a node, and these."""

    model_config = ConfigDict(extra="allow")

    lanes: list[Part] = Field(default=[], description="lanes from or to the node, which need not name it")
    services: list[str] = Field(default=[], description="carrier services that list their nodes and get this one, too")


class NodeChanges(_Record):
    """Sites that open, close or change."""

    open: dict[str, Opening] = Field(default={}, description="new nodes by name")
    close: list[str] = Field(default=[], description="nodes that go, with their lanes and stock")
    alter: dict[str, Part] = Field(default={}, description="keys of a node that change, by its name")


class LaneChanges(_Record):
    """Lanes that open, close or change; parallel lanes are meant together."""

    open: list[Part] = Field(default=[], description="new lanes")
    close: list[LaneName] = Field(default=[], description="lanes that go, with the orders on their way")
    alter: list[Part] = Field(default=[], description="from and to, and the keys that change")


class CapacityChange(_Record):
    """Capacities of a node or a lane by a factor."""

    node: str | None = Field(default=None, description="stocking node")
    lane: LaneName | None = Field(default=None, description="lane, by its two ends")
    resource: Literal["storage", "inbound", "outbound"] | None = Field(
        default=None, description="of a node; none: all that are limited"
    )
    storage_type: str | None = Field(default=None, description="storage type; none: all that are limited")
    periods: list[Period] | None = Field(default=None, min_length=1, description="periods, from 1; none: all")
    factor: Factor = Field(description="factor on the capacity")

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if (self.node is None) == (self.lane is None):
            raise ValueError("exactly one of node and lane")
        if self.lane is not None and (self.resource or self.storage_type):
            raise ValueError("resource and storage_type with a node only")
        if self.storage_type is not None and self.resource not in (None, "storage"):
            raise ValueError("storage_type with the resource storage only")
        return self


class LeadTimeChange(_Record):
    """Lead times of the lanes from a vendor or node, or of those between two."""

    source: str = Field(alias="from", description="vendor or upstream node")
    destination: str | None = Field(default=None, alias="to", description="node supplied; none: all of the source's")
    plus: Days | None = Field(default=None, description="time that every shipment takes longer, also those under way")
    factor: Factor | None = Field(default=None, description="factor on the lead time of new shipments")

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.plus is None) == (self.factor is None):
            raise ValueError("exactly one of plus and factor")
        return self


class DemandChange(_Record):
    """Demand by a factor, all of it or the part that every list given allows."""

    factor: Factor = Field(description="factor on the demand")
    products: list[str] | None = Field(default=None, min_length=1, description="products; none: all")
    groups: list[str] | None = Field(default=None, min_length=1, description="product groups; none: all")
    zones: list[str] | None = Field(default=None, min_length=1, description="demand zones; none: all")
    speeds: list[str] | None = Field(default=None, min_length=1, description="speeds; none: all")
    periods: list[Period] | None = Field(default=None, min_length=1, description="periods, from 1; none: all")


class Change(_Record):
    """What is different from the base scenario, made in the order of the keys."""

    set: Part = Field(default={}, description="values by the dotted path of the scenario that they replace")
    nodes: NodeChanges = Field(default=NodeChanges(), description="sites that open, close or change")
    lanes: LaneChanges = Field(default=LaneChanges(), description="lanes that open, close or change")
    speeds: dict[str, Part] = Field(default={}, description="keys of a speed that change, by its name")
    capacities: list[CapacityChange] = Field(default=[], description="capacities by a factor")
    lead_times: list[LeadTimeChange] = Field(default=[], description="lead times that change")
    disruptions: list[Part] = Field(default=[], description="disruptions besides those of the base")
    demand: list[DemandChange] = Field(default=[], description="demand by a factor")


Axis = Annotated[list[Any], Field(min_length=1)] | Annotated[dict[str, Change], Field(min_length=1)]
"""Values of a path, or changes by their labels."""


class Variation(Change):
    """One variant, or several at once; the changes beside a grid, an axis or a table are made in each of them."""

    name: str | None = Field(default=None, min_length=1, description="name of the one variant")
    grid: dict[str, Axis] | None = Field(
        default=None, min_length=1, description="axes, of which every combination is a variant"
    )
    one_at_a_time: dict[str, Axis] | None = Field(
        default=None, min_length=1, description="axes, of which each value alone is a variant"
    )
    table: str | list[Part] | None = Field(
        default=None, description="table with a row a variant: a column variant, the others are paths"
    )
    plan: Planned | None = Field(default=None, description="planned anew, or met with the base's plan")

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        if sum(form is not None for form in (self.name, self.grid, self.one_at_a_time, self.table)) != 1:
            raise ValueError("exactly one of name, grid, one_at_a_time and table")
        return self


class StudyFile(_Record):
    """The YAML file, as written."""

    name: str = Field(min_length=1, description="short name, for results")
    description: str = Field(default="", description="the question")
    base: str = Field(description="the scenario file that varies")
    set: Part = Field(default={}, description="values by their path in the base scenario, for it and all variants")
    variations: list[Variation] = Field(default=[], description="what is different, one variant or several each")
    policies: list[Policy] | None = Field(
        default=None, min_length=1, description="assignment policies to compare; none: the scenario's own"
    )
    replications: int | None = Field(default=None, ge=2, description="sample paths; none: as the base says")
    precision: float | None = Field(
        default=None, gt=0, lt=1, description="add replications until the base's total cost is known to this share"
    )
    seed: int = Field(default=0, ge=0, lt=2**63, description="of the random streams, the same for all variants")
    plan: Planned = Field(default="anew", description="whether variants are planned anew or meet the base's plan")
