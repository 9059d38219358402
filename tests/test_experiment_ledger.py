"""Money by product and week adds up to the simulator's own, whatever happens in a network."""

from __future__ import annotations

import numpy as np
import pytest
from random_networks import random_network, random_plan

from meio.experiments.ledger import COLUMNS, NUM_COSTS
from meio.experiments.lived import lived
from meio.experiments.systems import System, mixed_regime, regime_of
from meio.simulation.capacity import num_days
from meio.simulation.engine import simulate

SEED = 3


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("policy", ["nearest", "priced", "reserve"])
def test_products_and_weeks_add_up_to_the_simulation(seed, policy):
    compiled = random_network(seed)
    system = System(random_plan(compiled, seed), policy)
    treated = np.arange(len(compiled.names.products)) % 2 == 0
    days = np.zeros(num_days(compiled) + compiled.warm_up_days, dtype=np.int64)
    whole = simulate(compiled, system.plan, replications=2, seed=SEED, policy=policy).cost.iloc[1]
    for regime in (regime_of(compiled, system), mixed_regime(compiled, system, system, treated)):
        money = lived(compiled, [regime], days, SEED, 1).sum(axis=(0, 1))
        assert money[:NUM_COSTS] == pytest.approx(
            whole[list(COLUMNS[:NUM_COSTS])].to_numpy(), abs=1e-9 * whole["total"]
        )


@pytest.mark.parametrize("seed", range(6))
def test_switching_every_week_loses_nothing(seed):
    """The ledger compares itself with the simulator's tally, and units are counted."""
    compiled = random_network(seed)
    regimes = [
        regime_of(compiled, System(random_plan(compiled, seed), "priced")),
        regime_of(compiled, System(random_plan(compiled, seed + 1000), "nearest")),
    ]
    days = (np.arange(num_days(compiled) + compiled.warm_up_days) // 3) % 2
    assert np.isfinite(lived(compiled, regimes, days, SEED, 0)).all()


def test_nearest_beside_priced_is_itself_where_all_products_follow_it():
    compiled = random_network(2)
    nearest, priced = (System(random_plan(compiled, 2), policy) for policy in ("nearest", "priced"))
    days = np.zeros(num_days(compiled) + compiled.warm_up_days, dtype=np.int64)
    everybody = np.ones(len(compiled.names.products), dtype=bool)
    alone = [lived(compiled, [regime_of(compiled, system)], days, SEED, 0) for system in (nearest, priced)]
    mixed = [
        lived(compiled, [mixed_regime(compiled, nearest, priced, treated)], days, SEED, 0)
        for treated in (everybody, ~everybody)
    ]
    assert not np.allclose(alone[0], alone[1])
    np.testing.assert_allclose(mixed, alone)
