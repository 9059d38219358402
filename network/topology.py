"""The supply graph: which site feeds which, and what follows from it."""

from __future__ import annotations

import networkx as nx

from meio.network.model import NodeKind, ScenarioFile


def supply_graph(file: ScenarioFile) -> nx.DiGraph[str]:
    """Directed graph of all nodes, vendors included, with an edge for each pair that a lane joins."""
    graph: nx.DiGraph[str] = nx.DiGraph()
    graph.add_nodes_from(file.nodes)
    graph.add_edges_from((lane.source, lane.destination) for lane in file.lanes)
    return graph


def find_cycle(graph: nx.DiGraph[str]) -> list[str]:
    """Names along one cycle of the graph, in the direction of flow; empty when there is none."""
    try:
        return [source for source, _ in nx.find_cycle(graph)]
    except nx.NetworkXNoCycle:
        return []


def stocking_order(file: ScenarioFile) -> list[str]:
    """Stocking sites with every node before those it feeds; among equals, as written in the file.

    Raises
    ------
    ValueError
        When the lanes form a cycle.
    """
    graph = supply_graph(file)
    if cycle := find_cycle(graph):
        raise ValueError(f"lanes form a cycle: {' → '.join([*cycle, cycle[0]])}")
    position = {name: place for place, name in enumerate(file.nodes)}
    order = nx.lexicographical_topological_sort(graph, key=position.__getitem__)
    return [name for name in order if file.nodes[name].kind is not NodeKind.VENDOR]


def echelons(graph: nx.DiGraph[str]) -> dict[str, int]:
    """Longest number of lanes from each node down to a node without outgoing lanes, which has 0."""
    echelon: dict[str, int] = {}
    for name in reversed(list(nx.topological_sort(graph))):
        echelon[name] = max((echelon[below] + 1 for below in graph.successors(name)), default=0)
    return echelon
