"""What checks look at: the parts of a scenario that could be read, each with its place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import networkx as nx
import pandas as pd

from meio.network.cells import TypedTable
from meio.network.model import (
    Demand,
    Disruption,
    Horizon,
    Lane,
    Node,
    NodeKind,
    Outbound,
    ScenarioFile,
    Simulation,
)
from meio.network.positions import Located, YamlValue
from meio.network.problems import KeyPath, Place
from meio.network.topology import supply_graph
from meio.network.validation import Model, valid_part, with_plain_tables


@dataclass(frozen=True)
class World:
    """Scenario as far as it could be read; a part that is missing here has been reported already.

    Attributes
    ----------
    document : Located
        The merged YAML.
    file : ScenarioFile or None
        The whole file, if it fits its model.
    tables : dict of str to TypedTable
    nodes : dict of str to Node
    lanes : dict of int to Lane
        By their index in the file.
    simulation : Simulation or None
        Its baskets and orders; the rest is left at the defaults.
    disruptions : dict of int to Disruption
        By their index in the file.
    names : dict of str to list of str
        Names that tables and lanes may refer to, by kind (``zone``, ``stocking node``…); also those of misshapen parts.
    """

    document: Located
    file: ScenarioFile | None
    tables: dict[str, TypedTable]
    nodes: dict[str, Node]
    lanes: dict[int, Lane]
    horizon: Horizon | None
    outbound: Outbound | None
    demand: Demand | None
    simulation: Simulation | None
    disruptions: dict[int, Disruption]
    names: dict[str, list[str]]

    def place(self, path: KeyPath) -> Place:
        """Where the value at a path stands, or the part that should hold it."""
        return self.document.nearest(path).place

    def key_place(self, path: KeyPath) -> Place:
        """Where the key at the end of a path stands."""
        return self.document.nearest(path).key

    @property
    def all_nodes_fit(self) -> bool:
        """Whether every node could be read."""
        return len(self.nodes) == len(self.names["node"])

    @property
    def all_lanes_fit(self) -> bool:
        """Whether every lane could be read."""
        lanes = self.document.find(("lanes",))
        return lanes is not None and isinstance(lanes.value, list) and len(self.lanes) == len(lanes.value)

    def stocked_types(self) -> set[str]:
        """Storage types of the scenario that some node stocks."""
        stocked = {kind for node in self.nodes.values() for kind in node.storage_m3}
        return stocked.intersection(self.names["storage type"])

    def supply_graph(self) -> nx.DiGraph[str]:
        """Graph of the nodes that could be read and the lanes that may join two of them."""
        ends = set(self.names["stocking node"]).intersection(self.nodes)
        lanes = [
            lane
            for lane in self.lanes.values()
            if lane.source in self.nodes and lane.destination in ends and lane.source != lane.destination
        ]
        return supply_graph(ScenarioFile.model_construct(nodes=self.nodes, lanes=lanes))

    def frame(self, table: str) -> pd.DataFrame | None:
        """Rows of a table, if it could be read."""
        return self.tables[table].frame if table in self.tables else None


def world_of(document: Located, file: ScenarioFile | None, tables: dict[str, TypedTable]) -> World:
    """Everything of a scenario that could be read."""
    values = with_plain_tables(document)
    nodes = _valid_entries(Node, values.get("nodes"))
    simulation = given if isinstance(given := values.get("simulation"), dict) else {}
    return World(
        document=document,
        file=file,
        tables=tables,
        nodes=nodes,
        lanes=_valid_entries(Lane, values.get("lanes")),
        horizon=valid_part(Horizon, values.get("horizon")),
        outbound=valid_part(Outbound, values.get("outbound")),
        demand=valid_part(Demand, values.get("demand")),
        simulation=valid_part(Simulation, {key: simulation[key] for key in ("baskets", "orders") if key in simulation}),
        disruptions=_valid_entries(Disruption, simulation.get("disruptions")),
        names=_names(document, tables, nodes),
    )


def _valid_entries(model: type[Model], values: YamlValue) -> dict[Any, Model]:
    """Entries of a mapping, or items of a list by their index, that fit their model."""
    entries = values.items() if isinstance(values, dict) else enumerate(values if isinstance(values, list) else [])
    return {key: part for key, value in entries if (part := valid_part(model, value))}


def _keys(document: Located, path: KeyPath) -> list[str]:
    here = document.find(path)
    return list(here.value) if here and isinstance(here.value, dict) else []


def _names(document: Located, tables: dict[str, TypedTable], nodes: dict[str, Node]) -> dict[str, list[str]]:
    """Names by kind; a node that could not be read may be of any kind."""
    vendors = [name for name, node in nodes.items() if node.kind is NodeKind.VENDOR]
    silent = [name for name, node in nodes.items() if not node.serves_customers or node.kind is NodeKind.VENDOR]
    names = _keys(document, ("nodes",))
    return {
        "node": names,
        "vendor": [name for name in names if name not in nodes or name in vendors],
        "stocking node": [name for name in names if name not in vendors],
        "customer node": [name for name in names if name not in silent],
        "speed": _keys(document, ("speeds",)),
        "service": _keys(document, ("outbound", "services")),
        "storage type": storage_types(document),
        "zone": _column(tables, "zones", "zone"),
        "product": _column(tables, "products", "product"),
        "group": _column(tables, "products", "group"),
    }


def _column(tables: dict[str, TypedTable], table: str, column: str) -> list[str]:
    return list(tables[table].frame[column].dropna().unique()) if table in tables else []


def storage_types(document: Located) -> list[str]:
    """Storage types of the scenario, as far as they are texts."""
    given = document.find(("storage_types",))
    if given is None:
        return list(ScenarioFile.model_fields["storage_types"].default)
    items = given.value if isinstance(given.value, list) else []
    return [item.value for item in items if isinstance(item.value, str)]
