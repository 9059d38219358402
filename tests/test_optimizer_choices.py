"""Which nodes serve each customer class: against a search over all of them, ties and unreachable nodes included."""

import numpy as np
import pytest

from meio.network.compiled import Floats, Ints
from meio.optimizer.class_kernels import fill_choices, new_choices

BY_NODE = (2, 3, 7)
CLASSES = (1, 5, 33)


def cheapest(costs: Floats, among: list[int]) -> int:
    """First of the cheapest nodes among some; -1: none can."""
    best = min(among, key=lambda node: (costs[node], node), default=-1)
    return best if best >= 0 and costs[best] < np.inf else -1


def searched(costs: Floats, region: Ints) -> list[int]:
    """The cheapest node, the next one in its region, and the cheapest outside of it."""
    nodes = range(len(region))
    best = cheapest(costs, list(nodes))
    if best < 0:
        return [-1, -1, -1]
    near = [node for node in nodes if region[node] == region[best] and node != best]
    return [best, cheapest(costs, near), cheapest(costs, [node for node in nodes if region[node] != region[best]])]


@pytest.mark.parametrize("num_nodes", BY_NODE)
@pytest.mark.parametrize("num_classes", CLASSES)
def test_choices_are_those_of_a_search(num_nodes: int, num_classes: int) -> None:
    random = np.random.default_rng(100 * num_nodes + num_classes)
    shipping = random.integers(0, 6, (num_classes, num_nodes)).astype(float)
    shipping[random.random(shipping.shape) < 0.3] = np.inf
    choices = new_choices(shipping)
    for _ in range(20):  # the same choices are made anew at other prices
        ranking = random.integers(-2, 3, num_nodes).astype(float)
        ranking[random.random(num_nodes) < 0.2] = np.inf
        region = random.integers(0, num_nodes, num_nodes)
        fill_choices(ranking, region, choices)
        expected = [searched(row + ranking, region) for row in shipping]
        np.testing.assert_array_equal(choices.node.T, expected)
