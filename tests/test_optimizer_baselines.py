"""The two baselines against SciPy's newsvendor."""

from itertools import pairwise

import numpy as np
import pytest
from planning_cases import COASTS, demand_of, planning_case
from scipy import stats
from toy import toy_scenario

from meio.network.compile import compile_scenario
from meio.network.compiled import CompiledScenario
from meio.optimizer.baselines import baseline_plans

LEAD, REVIEW, PENALTY, HOLDING = 3.0, 7.0, 10.0, 0.1
RATIO = PENALTY / (PENALTY + HOLDING * REVIEW)
ROWS = [("p0", "seattle", 9.0), ("p0", "boston", 14.0), ("p1", "seattle", 30.0), ("p1", "boston", 2.0)]


def _coasts(**fields: object) -> CompiledScenario:
    lanes = [
        {"from": "vendor", "to": site, "lead_time": {"mean": LEAD}, "review": {"every": REVIEW}}
        for site in ("west", "east")
    ]
    given = {"lanes": lanes, "periods": 2, "period_days": 7, **fields}
    return planning_case(demand_of(ROWS), COASTS, **given)  # type: ignore[arg-type]


def _poisson_level(weekly: float) -> float:
    return float(stats.poisson(weekly * (LEAD + REVIEW) / 7.0).ppf(RATIO))


def test_an_independent_site_is_the_newsvendor_of_the_demand_nearest_to_it() -> None:
    compiled = _coasts()
    targets = baseline_plans(compiled)["independent_newsvendor"].targets
    nearest = {"seattle": "west", "boston": "east"}
    for product, zone, weekly in ROWS:
        cell = compiled.names.products.index(product), compiled.names.nodes.index(nearest[zone])
        assert targets[cell] == pytest.approx([_poisson_level(weekly)] * 2)


@pytest.mark.parametrize("dispersion", [1.4, 3.0])
def test_an_independent_site_with_over_dispersed_demand(dispersion: float) -> None:
    compiled = planning_case(
        demand_of([("item", "town", 20.0, dispersion)], ["mean", "dispersion"]),
        {("site", "town"): 1.0},
        distribution="negative_binomial",
        lanes=[{"from": "vendor", "to": "site", "lead_time": {"mean": LEAD}, "review": {"every": REVIEW}}],
        period_days=7,
    )
    mean = 20.0 * (LEAD + REVIEW) / 7.0
    expected = stats.nbinom(mean / (dispersion - 1.0), 1.0 / dispersion).ppf(RATIO)
    assert baseline_plans(compiled)["independent_newsvendor"].targets[0, 0, 0] == expected


@pytest.mark.parametrize("storage", [("unlimited", "unlimited"), (1.0, 3.0)])
def test_the_pool_holds_the_nations_newsvendor_by_storage(storage: tuple[object, object]) -> None:
    sites = {name: {"storage_m3": {"standard": room}} for name, room in zip(("west", "east"), storage, strict=True)}
    compiled = _coasts(sites=sites)
    targets = baseline_plans(compiled)["national_pool"].targets
    west = 0.5 if storage[0] == "unlimited" else 0.25
    for index, weekly in enumerate((23.0, 32.0)):
        level = _poisson_level(weekly)
        assert targets[index].sum(axis=0) == pytest.approx([level] * 2)
        assert np.abs(targets[index, compiled.names.nodes.index("west")] - west * level).max() <= 1.0


def test_baselines_hold_nothing_where_lanes_cannot_bring_the_product() -> None:
    compiled = compile_scenario(toy_scenario())
    sofa, city = compiled.names.products.index("sofa"), compiled.names.nodes.index("city")
    for planned in baseline_plans(compiled).values():
        assert planned.lane_idx[sofa, city] == -1
        assert (planned.targets[planned.lane_idx < 0] == 0.0).all()
        assert (planned.targets >= 0.0).all()


def test_the_pool_holds_nothing_at_same_day_sites() -> None:
    compiled = compile_scenario(toy_scenario())
    pooled = baseline_plans(compiled)["national_pool"]
    assert pooled.targets[:, compiled.names.nodes.index("city")].sum() == 0.0
    assert (pooled.targets.sum(axis=(1, 2)) > 0.0).all()


def test_an_upstream_site_covers_the_demand_it_passes_on() -> None:
    lanes = [
        {"from": "vendor", "to": "hub", "lead_time": {"mean": LEAD}, "review": {"every": REVIEW}},
        {"from": "hub", "to": "west", "lead_time": {"mean": 1.0}},
        {"from": "hub", "to": "east", "lead_time": {"mean": 1.0}},
    ]
    compiled = _coasts(lanes=lanes, sites={"hub": {}})
    targets = baseline_plans(compiled)["independent_newsvendor"].targets
    hub = compiled.names.nodes.index("hub")
    assert targets[:, hub, 0].tolist() == [_poisson_level(23.0), _poisson_level(32.0)]


def test_every_layer_of_a_chain_covers_the_demand_it_passes_on() -> None:
    chain = ["vendor", "port", "hub", "site"]
    lanes = [
        {"from": source, "to": node, "lead_time": {"mean": LEAD}, "review": {"every": REVIEW}}
        for source, node in pairwise(chain)
    ]
    compiled = planning_case(
        demand_of([("item", "town", 23.0)]),
        {("site", "town"): 1.0},
        sites={"port": {}, "hub": {}},
        lanes=lanes,
        period_days=7,
    )
    assert baseline_plans(compiled)["independent_newsvendor"].targets[0, :, 0].tolist() == [_poisson_level(23.0)] * 3
