"""The SimPy programs that the speed benchmark compares with do the engine's work: same customers, same money."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from meio.simulation.engine import simulate

ROOT = Path(__file__).parent.parent


@pytest.mark.parametrize("cover", [1.0, 0.8])
def test_simpy_serves_the_same_customers_at_the_same_cost(monkeypatch, cover):
    monkeypatch.syspath_prepend(ROOT / "benchmarks")
    from peers.simpy_stepwise import SimpyStepwise
    from peers.simpy_twin import SimpyTwin
    from peers.two_layer import two_layers
    from simulator_speed import SAME, largest_difference

    compiled, plan = two_layers(8, 40, seed=3)
    plan = replace(plan, targets=np.ceil(cover * plan.targets))
    result = simulate(compiled, plan, replications=1, seed=4)
    assert result.service["lost"].min() > 0
    for kind in (SimpyTwin, SimpyStepwise):
        twin = kind(compiled, plan, seed=4)
        twin.run()
        assert (cover < 1) == (len(twin.waiting) > 0)  # the distribution centre runs short of some product
        assert largest_difference(twin.measures(), result) < SAME
