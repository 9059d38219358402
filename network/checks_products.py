"""Rules between products, the vendors that sell them, and the nodes that hold and ship them."""

from __future__ import annotations

from collections.abc import Iterator

import networkx as nx
import pandas as pd

from meio.network.cells import TypedTable, among, cell_problems, row_problems
from meio.network.model import EVERY, NodeKind
from meio.network.problems import Problem, shown
from meio.network.world import World


def products_without_supply(world: World) -> Iterator[Problem]:
    """Products that no vendor sells."""
    products, supply = world.tables.get("products"), world.frame("supply")
    if products is None or supply is None or supply.empty or supply["product"].isin([EVERY]).any():
        return
    names = products.frame["product"]
    wrong = ~among(names, supply["product"]) & names.notna()
    yield from cell_problems(products, "product", wrong, "a row in the table supply", "{} without supply")


def products_too_heavy(world: World) -> Iterator[Problem]:
    """Products that no service carries."""
    products = world.tables.get("products")
    rates = next((world.tables[name] for name in ("rates", "outbound") if name in world.tables), None)
    if products is None or rates is None or rates.frame.empty or rates.frame["max_weight_kg"].hasnans:
        return
    heaviest = rates.frame["max_weight_kg"].max()
    expected = f"at most {heaviest:g}, the heaviest package in the table {rates.raw.table.name}"
    yield from cell_problems(products, "weight_kg", products.frame["weight_kg"] > heaviest, expected)


def storage_types_not_stocked(world: World) -> Iterator[Problem]:
    """Products whose storage type no node has room for."""
    products = world.tables.get("products")
    if products is None or not world.all_nodes_fit:
        return
    wrong = products.frame["storage_type"].isin(set(world.names["storage type"]) - world.stocked_types())
    expected = "a type with storage_m3 at some node"
    yield from cell_problems(products, "storage_type", wrong, expected, "{}, which no node stocks")


def products_that_reach_no_customer(world: World) -> Iterator[Problem]:
    """Products whose vendors have no way, over nodes that stock their type, to a node that serves customers."""
    products, supply = world.tables.get("products"), world.frame("supply")
    if products is None or supply is None or not (world.all_nodes_fit and world.all_lanes_fit):
        return
    names, kinds = products.frame["product"], products.frame["storage_type"]
    of_every = supply.loc[supply["product"] == EVERY, "vendor"]
    wrong = pd.Series(False, index=names.index)
    for kind in world.stocked_types():
        stranded = supply["vendor"].isin(_stranded_vendors(world, kind))
        by_product = stranded.groupby(supply["product"]).all()
        others = bool(len(of_every)) and bool(stranded[of_every.index].all())
        wrong |= (kinds == kind) & names.map(by_product).astype("boolean").fillna(others).astype(bool)
    expected = "a way from its vendors to a node that serves customers, over nodes that stock its storage type"
    yield from cell_problems(products, "product", wrong, expected, "{}, which no lanes bring to customers")


def _stranded_vendors(world: World, storage_type: str) -> list[str]:
    """Vendors without a way to customers over nodes that stock a type."""
    nodes = world.nodes.items()
    through = [name for name, node in nodes if node.kind is NodeKind.VENDOR or storage_type in node.storage_m3]
    graph = world.supply_graph().subgraph(through)
    served = [name for name in through if name in world.names["customer node"]]
    vendors = [name for name in through if name in world.names["vendor"]]
    return [vendor for vendor in vendors if nx.descendants(graph, vendor).isdisjoint(served)]


def stock_without_room(world: World) -> Iterator[Problem]:
    """Stock or open orders at nodes that do not stock the product's storage type."""
    products = world.frame("products")
    for name, column in (("initial_stock", "node"), ("open_orders", "to")):
        if name in world.tables and world.all_nodes_fit and products is not None:
            yield from _without_room(world, world.tables[name], column, products)


def _without_room(world: World, table: TypedTable, column: str, products: pd.DataFrame) -> Iterator[Problem]:
    kinds = table.frame["product"].map(products.drop_duplicates("product").set_index("product")["storage_type"])
    nodes = table.frame[column]
    room = {(name, kind) for name, node in world.nodes.items() for kind in node.storage_m3}
    known = nodes.isin(world.names["stocking node"]) & kinds.isin(world.names["storage type"])
    yield from row_problems(
        table.raw,
        column,
        known & ~_pairs_in(nodes, kinds, room),
        lambda row: f"{shown(nodes.loc[row])}, which has no storage for {shown(kinds.loc[row])}",
        "a node that stocks the product's storage type",
    )


def open_orders_without_lane(world: World) -> Iterator[Problem]:
    """Open orders between two nodes that no lane joins."""
    orders = world.tables.get("open_orders")
    if orders is None or not world.all_lanes_fit:
        return
    source, destination = orders.frame["from"], orders.frame["to"]
    joined = {(lane.source, lane.destination) for lane in world.lanes.values()}
    known = source.isin(world.names["node"]) & destination.isin(world.names["stocking node"])
    yield from row_problems(
        orders.raw,
        "from",
        known & ~_pairs_in(source, destination, joined),
        lambda row: f"an order from {source.loc[row]} to {destination.loc[row]}",
        "an order on a lane of the scenario",
    )


def _pairs_in(first: pd.Series, second: pd.Series, pairs: set[tuple[str, str]]) -> pd.Series[bool]:
    """Whether each pair of cells is one of the pairs."""
    return among(first.astype("str") + "\0" + second.astype("str"), ["\0".join(pair) for pair in pairs])
