"""Sorted candidate nodes against a search over all nodes at every moment of the week."""

import numpy as np
import pytest
from random_networks import Size, random_network

from meio.simulation.routes import build_routes, nearest_serving


@pytest.mark.parametrize("seed", range(4))
def test_candidates_are_all_nodes_in_time_cheapest_first(seed):
    compiled = random_network(seed, Size(serving=4))
    routes, outbound = build_routes(compiled), compiled.outbound
    num_classes, num_speeds, _, num_nodes, num_zones = outbound.cost.shape
    for weekday, speed in np.ndindex(7, num_speeds):
        for minute in (0, 599, 600, 839, 840, 1439):
            pattern = routes.pattern_idx[weekday, speed, minute]
            delays = [_delay(compiled, node, speed, weekday, minute) for node in range(num_nodes)]
            for weight, zone in np.ndindex(num_classes, num_zones):
                cost = [outbound.cost[weight, speed, delay, node, zone] for node, delay in enumerate(delays)]
                expected = sorted((one, node) for node, one in enumerate(cost) if one < np.inf)
                row = (pattern * num_classes + weight) * num_zones + zone
                found = slice(routes.ptr[row], routes.ptr[row + 1])
                assert list(zip(routes.cost[found], routes.node_idx[found], strict=True)) == expected
                for node, delay, days in zip(
                    routes.node_idx[found], routes.delay_days[found], routes.transit_days[found], strict=True
                ):
                    assert delay == delays[node]
                    assert days == outbound.transit_days[weight, speed, delay, node, zone]


def _delay(compiled, node, speed, weekday, minute):
    late = int(minute >= compiled.nodes.cutoff_minute[node, speed])
    return compiled.nodes.ship_delay_days[node, weekday, late]


def test_late_candidates_are_all_nodes_that_reach_the_zone_cheapest_first():
    compiled = random_network(1, Size(serving=5))
    routes, late_cost = build_routes(compiled), compiled.outbound.late_cost
    for row, (weight, zone) in enumerate(np.ndindex(late_cost.shape[0], late_cost.shape[2])):
        cost = late_cost[weight, :, zone]
        expected = sorted((one, node) for node, one in enumerate(cost) if one < np.inf)
        found = slice(routes.late_ptr[row], routes.late_ptr[row + 1])
        assert list(zip(routes.late_cost[found], routes.late_node_idx[found], strict=True)) == expected


def test_nearest_node_of_a_zone_is_one_that_serves_customers():
    compiled = random_network(2, Size(centres=2, serving=3))
    nearest = nearest_serving(compiled)
    assert compiled.nodes.serves_customers[nearest].all()
    distance = compiled.outbound.distance_km[compiled.nodes.serves_customers]
    assert compiled.outbound.distance_km[nearest, np.arange(len(nearest))].tolist() == distance.min(axis=0).tolist()
