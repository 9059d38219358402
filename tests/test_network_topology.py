"""Order and depth of random supply graphs against brute force."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from toy import FILE, toy_scenario

from meio.network.model import ScenarioFile
from meio.network.topology import echelons, find_cycle, stocking_order, supply_graph

Pairs = list[tuple[int, int]]
NUM_NODES = 7
any_pairs = st.lists(st.tuples(st.integers(0, NUM_NODES - 1), st.integers(0, NUM_NODES - 1)), max_size=12)
acyclic_pairs = any_pairs.map(lambda pairs: [(min(pair), max(pair)) for pair in pairs if pair[0] != pair[1]])
file_orders = st.permutations(range(NUM_NODES))


def _file(order: list[int], pairs: Pairs) -> ScenarioFile:
    """Sites named by number, written in the given order; site 0 is a vendor."""
    site = {"kind": "fulfilment_centre", "lat": 0.0, "lon": 0.0}
    nodes = {str(number): site | ({"kind": "vendor"} if number == 0 else {}) for number in order}
    lanes = [{"from": str(source), "to": str(destination), "lead_time": {"mean": 1}} for source, destination in pairs]
    return toy_scenario(nodes=dict.fromkeys(FILE["nodes"]) | nodes, lanes=lanes).file


@given(file_orders, acyclic_pairs)
def test_stocking_order_takes_the_first_in_the_file_whose_sources_are_placed(order: list[int], pairs: Pairs) -> None:
    placed: list[int] = []
    while len(placed) < NUM_NODES:
        placed.append(
            next(
                site
                for site in order
                if site not in placed and all(source in placed for source, destination in pairs if destination == site)
            )
        )
    assert stocking_order(_file(order, pairs)) == [str(site) for site in placed if site != 0]


@given(file_orders, acyclic_pairs)
def test_echelon_is_the_longest_path_down(order: list[int], pairs: Pairs) -> None:
    def longest(site: int) -> int:
        return max((1 + longest(destination) for source, destination in pairs if source == site), default=0)

    assert echelons(supply_graph(_file(order, pairs))) == {str(site): longest(site) for site in order}


@given(file_orders, any_pairs)
def test_find_cycle_follows_lanes_and_misses_none(order: list[int], pairs: Pairs) -> None:
    cycle = [int(name) for name in find_cycle(supply_graph(_file(order, pairs)))]
    reached = {site: {destination for source, destination in pairs if source == site} for site in order}
    for _ in order:
        reached = {site: below.union(*(reached[name] for name in below)) for site, below in reached.items()}
    assert bool(cycle) == any(site in below for site, below in reached.items())
    assert all(pair in pairs for pair in zip(cycle, cycle[1:] + cycle[:1], strict=True))
    assert len(set(cycle)) == len(cycle)


def test_a_cycle_cannot_be_ordered() -> None:
    with pytest.raises(ValueError, match=r"^lanes form a cycle: 1 → 2 → 1$"):
        stocking_order(_file(list(range(NUM_NODES)), [(0, 1), (1, 2), (2, 1)]))
