"""Products shard by shard: the same as all together where nothing couples them, refused where something does."""

import numpy as np
import pandas as pd
import pytest
from random_conditions import random_case

from meio.network.compiled import Disruptions, RecordedOrders
from meio.network.product_selection import joined, of_products
from meio.simulation.couplings import ONE_PRODUCT_POLICIES, CouplingError, couples
from meio.simulation.engine import simulate
from meio.simulation.policies import AssignmentPolicy
from meio.simulation.shards import cut, outcomes_of, simulate_shards, summed

MONEY_TABLES = {"cost": 1, "network": 1}  # money is summed in another order, units are not
NO_LIMIT = np.inf


def without_limits(compiled):
    """The scenario with room for everything; whatever is shut down on a day stays so."""
    nodes, lanes = compiled.nodes, compiled.lanes
    return compiled._replace(
        nodes=nodes._replace(
            storage_m3=np.where(nodes.stocks_type[:, :, None], NO_LIMIT, np.zeros_like(nodes.storage_m3)),
            inbound_units_per_day=np.full_like(nodes.inbound_units_per_day, NO_LIMIT),
            outbound_units_per_day=np.full_like(nodes.outbound_units_per_day, NO_LIMIT),
        ),
        lanes=lanes._replace(capacity_units_per_day=np.full_like(lanes.capacity_units_per_day, NO_LIMIT)),
    )


def single_lines(compiled):
    """The scenario with orders of one product: recorded ones of several lines keep their first."""
    recorded = compiled.conditions.recorded
    if recorded.given:
        first = recorded.line_ptr[:-1]
        recorded = RecordedOrders(
            True,
            recorded.minute,
            recorded.class_idx,
            np.arange(len(first) + 1),
            recorded.product_idx[first],
            recorded.units[first],
        )
    return compiled._replace(conditions=compiled.conditions._replace(recorded=recorded, basket_share=np.ones(1)))


def apart(seed):
    """A random scenario of several products whose paths do not meet, with everything else the simulator knows."""
    case = random_case(seed)
    policy = ONE_PRODUCT_POLICIES[seed % 3]
    return single_lines(without_limits(case.compiled)), case.plan, policy


SEVERAL = [seed for seed in range(48) if random_case(seed).size.products > 1]


def assert_same_paths(one, other):
    """Units to the last bit, money and volumes to the rounding of sums."""
    assert one.orders == other.orders
    for name in ("service", "shipped", "storage_units", "inbound", "outbound", "lane"):
        mine, theirs = getattr(one.tally, name), getattr(other.tally, name)
        exact = mine[..., :5] if name == "service" else mine  # then days from order to delivery, not whole
        np.testing.assert_array_equal(exact, theirs[..., :5] if name == "service" else theirs)
    scale = np.abs(one.tally.money).sum()
    np.testing.assert_allclose(other.tally.money, one.tally.money, rtol=0, atol=1e-12 * scale)
    np.testing.assert_allclose(other.tally.storage_m3, one.tally.storage_m3, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("seed", SEVERAL)
def test_products_one_by_one_are_the_whole(seed):
    compiled, plan, policy = apart(seed)
    assert couples(compiled, policy) == []
    how = {"replications": 2, "seed": seed, "policy": policy, "workers": 1}
    whole = outcomes_of(compiled, plan, **how)
    shards = [outcomes_of(*shard, **how) for shard in cut(compiled, plan, len(compiled.names.products))]
    for together, *alone in zip(whole, *shards, strict=True):
        assert_same_paths(together, summed(alone))


def test_what_each_product_caused_does_not_change_by_a_bit_and_adds_up():
    compiled, plan, policy = apart(SEVERAL[0])
    how = {"replications": 1, "seed": 3, "policy": policy, "workers": 1, "by_product": True}
    (whole,) = outcomes_of(compiled, plan, **how)
    alone = [outcomes_of(*shard, **how)[0].tally for shard in cut(compiled, plan, len(compiled.names.products))]
    np.testing.assert_array_equal(whole.tally.product_money, np.concatenate([one.product_money for one in alone]))
    np.testing.assert_array_equal(whole.tally.product_service, np.concatenate([one.product_service for one in alone]))


@pytest.mark.parametrize("seed", range(0, 48, 4))
def test_products_own_parts_add_up_to_the_whole_under_capacities(seed):
    case = random_case(seed)
    compiled = single_lines(case.compiled)
    how = {"replications": 2, "seed": seed, "policy": ONE_PRODUCT_POLICIES[seed % 3], "workers": 1, "by_product": True}
    for outcome in outcomes_of(compiled, case.plan, **how):
        tally = outcome.tally
        assert tally.product_money.sum(axis=0) == pytest.approx(tally.money, abs=1e-9 * np.abs(tally.money).sum())
        assert tally.product_service.sum(axis=0) == pytest.approx(tally.service)


def test_shards_give_the_tables_of_the_whole():
    compiled, plan, policy = apart(SEVERAL[1])
    how = {"replications": 3, "seed": 5, "policy": policy}
    whole, seen = simulate(compiled, plan, **how), []
    shards = simulate_shards(cut(compiled, plan, 2), **how, progress=seen.append)
    assert seen == [1, 2]
    for name in ("cost", "service", "use", "nodes", "network", "bands", "shipments", "inventory"):
        pd.testing.assert_frame_equal(getattr(shards, name), getattr(whole, name), rtol=1e-9, atol=1e-7)
    assert shards.warm_up_days_suggested == whole.warm_up_days_suggested


def test_only_one_shard_is_there_at_a_time():
    compiled, plan, policy = apart(SEVERAL[1])
    alive = []

    def one_by_one():
        for shard in cut(compiled, plan, 2):
            alive.append("asked")
            yield shard
            alive.append("done")

    simulate_shards(one_by_one(), replications=1, seed=1, policy=policy)
    assert alive == ["asked", "done"] * 2


def test_capacities_couple_and_shards_would_be_wrong():
    """A capacity that binds makes the sum of the shards another result: the refusal is needed."""
    wrong = 0
    for seed in SEVERAL:
        case = random_case(seed)
        if not case.features.tight:
            continue
        compiled = single_lines(case.compiled)
        assert couples(compiled, "priced")
        with pytest.raises(CouplingError, match="can only be simulated together"):
            simulate_shards(cut(compiled, case.plan, 2), replications=1, seed=1)
        how = {"replications": 1, "seed": 1, "policy": "priced", "workers": 1}
        (whole,) = outcomes_of(compiled, case.plan, **how)
        alone = summed([outcomes_of(*shard, **how)[0] for shard in cut(compiled, case.plan, case.size.products)])
        wrong += not np.array_equal(whole.tally.inbound, alone.tally.inbound)
    assert wrong >= 5


def plain():
    return without_limits(single_lines(random_case(SEVERAL[0]).compiled))


def limited(compiled):
    inbound = compiled.nodes.inbound_units_per_day.copy()
    inbound[0, 0] = 7.0
    return compiled._replace(nodes=compiled.nodes._replace(inbound_units_per_day=inbound))


def shut(compiled, share):
    one = np.array([0])
    down = Disruptions(one, np.array([-1]), one, np.array([3]), np.array([share]))
    return compiled._replace(conditions=compiled.conditions._replace(disruptions=down))


class Own(AssignmentPolicy):
    """Any policy that is not meio's."""

    name = "own"

    def assign(self, *_):
        return []


@pytest.mark.parametrize(
    ("change", "policy", "found"),
    [
        (lambda c: c, "priced", []),
        (lambda c: c, "batch", ["the policy 'batch'"]),
        (lambda c: c, Own(), ["the policy 'own'"]),
        (
            lambda c: c._replace(conditions=c.conditions._replace(basket_share=np.array([0.5, 0.5]))),
            "nearest",
            ["orders of several products"],
        ),
        (lambda c: shut(c, 0.0), "priced", []),
        (lambda c: shut(limited(c), 0.5), "priced", ["receiving at N0"]),
        (limited, "priced", ["receiving at N0"]),
    ],
)
def test_what_couples(change, policy, found):
    compiled = change(plain())
    first = compiled.names.nodes[0]
    assert couples(compiled, policy) == [text.replace("N0", first) for text in found]


@pytest.mark.parametrize("seed", SEVERAL[:12])
def test_parts_joined_are_the_whole(seed):
    compiled = random_case(seed).compiled
    if compiled.conditions.recorded.given:
        with pytest.raises(ValueError, match="recorded orders"):
            joined([compiled])
        return
    num_products = len(compiled.names.products)
    parts = [of_products(compiled, part) for part in np.array_split(np.arange(num_products), 2)]
    again = of_products(joined(parts), np.arange(num_products))
    straight = of_products(compiled, np.arange(num_products))
    assert again.names == straight.names
    for name in ("products", "penalties"):
        for mine, theirs in zip(getattr(again, name), getattr(compiled, name), strict=True):
            np.testing.assert_array_equal(mine, theirs)
    assert again.stock.given == straight.stock.given
    assert again.stock.on_hand.tolist() == compiled.stock.on_hand.tolist()
    assert sorted(zip(*again.stock[2:], strict=True)) == sorted(zip(*compiled.stock[2:], strict=True))
    for stream, (mine, theirs) in enumerate(zip(again.demand.mix_idx, straight.demand.mix_idx, strict=True)):
        assert classes(again.demand, mine) == classes(straight.demand, theirs), stream
    for name in ("product_ptr", "stream_kind", "daily_mean", "daily_variance", "table_ptr", "table_value"):
        np.testing.assert_array_equal(getattr(again.demand, name), getattr(compiled.demand, name))


def classes(demand, mix):
    here = slice(demand.mix_ptr[mix], demand.mix_ptr[mix + 1])
    return list(zip(demand.mix_class_idx[here].tolist(), demand.mix_share[here].tolist(), strict=True))


def test_no_shard_is_an_error():
    with pytest.raises(ValueError, match="found none"):
        simulate_shards([], replications=1, seed=1)
