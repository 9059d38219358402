"""The made-up network: a valid scenario of any size, sites where the customers are, capacities that follow demand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import meio
from meio.folder import OutputError
from meio.generator.assortment import draw_assortment
from meio.generator.flows import no_flows
from meio.generator.generate import LARGE
from meio.generator.groups import GROUPS
from meio.generator.mixes import make_zone_mix
from meio.generator.places import distances, read_places, well_placed
from meio.generator.sites import lay_out, of_kind, share_by_site
from meio.network.compile import compile_scenario
from meio.plans import prices_frame

PLACES = read_places()
A_CENT = 0.01


def stocking(scenario):
    return {name: node for name, node in scenario.file.nodes.items() if node.kind != "vendor"}


@pytest.mark.parametrize(
    ("products", "nodes", "zones", "periods"),
    [(1, 3, 1, 1), (40, 3, 2, 4), (40, 20, 1, 13), (40, 20, 20, 13), (25, 60, 10, 5), (25, 100, 100, 52)],
)
def test_scenarios_of_any_size_are_valid(tmp_path, products, nodes, zones, periods):
    scenario = meio.load(meio.generate(tmp_path / "out", products=products, nodes=nodes, zones=zones, periods=periods))
    sites = stocking(scenario)
    assert len(sites) == nodes
    assert {node.kind for node in sites.values()} == {"distribution_centre", "fulfilment_centre", "same_day_site"}
    assert len(scenario.tables["products"]) == products
    assert len(scenario.tables["zones"]) == zones
    assert len(scenario.tables["product_demand"]) == products * periods
    assert len(scenario.file.speeds) == 3


def test_large_catalogues_are_not_refined(tmp_path):
    small, large = (
        meio.load(meio.generate(tmp_path / "out", products=products, nodes=3, zones=1, periods=1)).file.planning
        for products in (10, LARGE + 1)
    )
    assert small.refinement_rounds > 0
    assert large.refinement_rounds == 0
    assert large.target_gap == 5e-3


def test_the_first_site_is_the_median_and_each_next_the_best_there_is():
    zones, candidates = PLACES.iloc[:12], PLACES.iloc[:30]
    km, people = distances(zones, candidates), zones["population"]
    chosen = well_placed(5, zones, candidates)
    for count in range(5):
        best = min(candidates.index, key=lambda place: people @ km[[*chosen[:count], place]].min(axis=1))
        assert chosen[count] == best


@pytest.mark.parametrize(("nodes", "zones"), [(3, 1), (20, 20), (60, 10), (40, 100)])
def test_all_demand_falls_to_sites_that_may_serve_it(nodes, zones):
    customers = PLACES.iloc[:zones].rename_axis("zone")
    sites = lay_out(nodes, customers, PLACES)
    shares = share_by_site(make_zone_mix(customers, seed=0), sites, customers)
    centres = of_kind(sites, "distribution_centre").index
    assert shares[centres].sum(axis=1).to_numpy() == pytest.approx(np.ones(len(GROUPS)))
    assert shares.drop(columns=centres).sum(axis=1).to_numpy() == pytest.approx(np.ones(len(GROUPS)))
    for name, group in GROUPS.items():
        assert ((shares.loc[name] > 0) <= sites[group.storage_type]).all()


def test_flows_are_those_of_the_catalogue():
    some = draw_assortment(0, 700, seed=4)
    flows = no_flows().plus(draw_assortment(0, 700, seed=4)).frame()
    for number, name in enumerate(GROUPS):
        rows = np.flatnonzero(some.group_idx == number)
        deviation = np.sqrt(some.daily[rows] * some.dispersion[rows])
        assert flows.loc[name, "units"] == pytest.approx(some.daily[rows].sum())
        assert flows.loc[name, "m3"] == pytest.approx(some.daily[rows] @ some.volume_m3[rows])
        assert flows.loc[name, "spread_m3"] == pytest.approx(deviation @ some.volume_m3[rows])


def test_tightness_divides_all_capacities(tmp_path):
    loose, tight = (
        stocking(meio.load(meio.generate(tmp_path / "out", products=400, nodes=6, zones=5, tightness=tightness)))
        for tightness in (1.0, 2.0)
    )
    for name, node in loose.items():
        other = tight[name]
        assert other.outbound_units_per_day == pytest.approx(node.outbound_units_per_day / 2, rel=0.01)
        assert np.asarray(other.inbound_units_per_day) == pytest.approx(
            np.asarray(node.inbound_units_per_day) / 2, rel=0.01
        )
        assert {kind: room / 2 for kind, room in node.storage_m3.items()} == pytest.approx(other.storage_m3, rel=0.01)


def test_some_capacities_bind_in_the_peak_and_most_do_not_before(tmp_path):
    quick = ["planning.refinement_rounds=0"]
    scenario = meio.load(meio.generate(tmp_path / "out", products=60, nodes=6, zones=5), quick)
    plan = meio.plan(scenario)
    prices = prices_frame(plan, compile_scenario(scenario))
    priced = (prices["price"] > A_CENT).groupby(prices["period"].between(9, 12)).mean()
    assert plan.dual_gap < 5e-3
    assert 0.05 < priced[True] < 0.6
    assert priced[False] < priced[True]


def test_the_command_writes_a_folder_that_it_may_replace(meio, tmp_path):
    command = ("generate", "--products", 50, "--nodes", 5, "--zones", 4, "--periods", 2)
    for seed in (0, 1):
        ended = meio(*command, "--seed", seed, "-o", tmp_path / "out")
        assert (ended.code, ended.out.strip()) == (0, str(tmp_path / "out" / "scenario.yaml"))
    assert meio("validate", tmp_path / "out" / "scenario.yaml").code == 0
    assert len(pd.read_parquet(tmp_path / "out" / "product_demand.parquet")) == 100


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [("nodes", 2, "from 3 to 100"), ("zones", 101, "from 1 to 100"), ("tightness", 0, "from 0.01 to 100")],
)
def test_numbers_out_of_range_are_refused(meio, tmp_path, option, value, said):
    ended = meio("generate", f"--{option}", value, "-o", tmp_path / "out")
    assert ended.code == 2
    assert option in ended.err
    assert said in ended.err
    assert not (tmp_path / "out").exists()


def test_what_meio_did_not_write_stays(tmp_path):
    (tmp_path / "diary.txt").write_text("dear diary")
    with pytest.raises(OutputError, match="holds diary"):
        meio.generate(tmp_path, products=10, nodes=3, zones=1)
    assert [path.name for path in tmp_path.iterdir()] == ["diary.txt"]


def test_a_run_does_not_take_the_place_of_its_scenario_nor_a_scenario_that_of_a_run(meio, tmp_path):
    command = ("generate", "--products", 10, "--nodes", 3, "--zones", 1, "--periods", 1)
    assert meio(*command, "-o", tmp_path / "made").code == 0
    ended = meio("plan", tmp_path / "made" / "scenario.yaml", "-o", tmp_path / "made")
    assert (ended.code, ended.err.strip()) == (
        2,
        f"{tmp_path / 'made'} holds a generated scenario; name another folder",
    )
    assert (tmp_path / "made" / "scenario.yaml").exists()
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "run.json").write_text('{"files": ["run.json"]}')
    ended = meio(*command, "-o", tmp_path / "out")
    assert (ended.code, ended.err.strip()) == (2, f"{tmp_path / 'out'} holds the output of a run; name another folder")
