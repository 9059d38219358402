"""A study run: paired on the same orders, whatever the number of workers."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scenario_files import ROOT
from scipy import stats
from study_cases import LOST, QUICK, contents, small_study, variant, write_quickstart, written

import meio as library
from meio.network.compile import compile_scenario
from meio.network.scenario import load_scenario
from meio.optimizer.prices import capacities, fields, no_prices
from meio.plans import CapacityPrices, Refinement, load_plan
from meio.studies.warm_start import carried_over


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A study under two policies with its output folder."""
    folder = tmp_path_factory.mktemp("made")
    result = library.study(small_study(folder, policies=["priced", "nearest"]), folder / "out", workers=2)
    return result, folder


def test_one_variant_that_fails_is_told_and_loses_no_other(made):
    result, _ = made
    status = result.variants.drop_duplicates("variant").set_index("variant")["status"]
    assert dict(status) == {"base": "done", "small": "done", "nowhere": "failed", "late": "done", "down": "done"}
    assert list(result.errors) == ["nowhere"]
    assert "found 'FCC', expected one of MILL, DC, FC; did you mean 'FC'?" in result.errors["nowhere"]
    assert set(result.frame["variant"]) == {"base", "small", "late", "down"}
    assert not result.complete


def test_variants_say_how_they_were_planned(made):
    planned = made[0].variants.drop_duplicates("variant").set_index("variant")["planned"]
    assert dict(planned) == {"base": "anew", "small": "anew", "nowhere": "", "late": "base", "down": "unchanged"}


@pytest.mark.parametrize("measure", ["cost", "cost:holding", "units_shipped"])
def test_differences_are_students_paired_intervals(made, measure):
    result, _ = made
    values = result.replications.pivot_table(
        index="replication", columns=["variant", "policy", "measure"], values="value"
    )
    for name, policy, rival in [
        ("small", "nearest", "base"),
        ("late", "priced", "base"),
        ("base", "nearest", "priced"),
    ]:
        other = ("base", rival) if name == "base" else ("base", policy)
        row = result.table(measure).loc[(name, policy)]
        pair = values[(name, policy, measure)], values[(*other, measure)]
        assert row["against"] == "/".join(other)
        assert row["difference"] == pytest.approx((pair[0] - pair[1]).mean(), abs=1e-9)
        if np.ptp(pair[0] - pair[1]) > 0:
            expected = stats.ttest_rel(*pair).confidence_interval(0.95)
            assert tuple(row[["difference_low", "difference_high"]]) == pytest.approx(tuple(expected), rel=1e-9)
        own = stats.ttest_1samp(pair[0], 0.0).confidence_interval(0.95)
        assert tuple(row[["ci_low", "ci_high"]]) == pytest.approx(tuple(own), rel=1e-9)


def test_a_variant_that_changes_nothing_differs_by_nothing(tmp_path):
    again = [{"name": "same", "set": {"nodes.FC.storage_m3.standard": 3}}]
    rows = library.study(small_study(tmp_path, variations=again)).frame.query("variant == 'same'")
    assert (rows[["difference", "difference_low", "difference_high"]] == 0.0).all(axis=None)


def test_an_unprepared_variant_is_the_base_plan_simulated_under_what_happens(tmp_path):
    """The study's figure is that of the library's own steps: the plan it kept, simulated on the slipped scenario."""
    given = small_study(tmp_path, variations=[LOST[2]])
    found = library.study(given, tmp_path / "out").table("cost").loc[("late", "priced"), "mean"]
    base = load_scenario(tmp_path / "scenario.yaml", [f"{path}={value}" for path, value in QUICK.items()])
    plan = load_plan(tmp_path / "out" / "base", compile_scenario(base))
    slipped = variant(tmp_path / "scenario.yaml", lead_times=LOST[2]["lead_times"])
    expected = library.simulate(slipped, plan, replications=4, seed=0)
    assert found == pytest.approx(expected.cost["total"].mean(), rel=1e-12)


def test_results_do_not_depend_on_workers_or_on_a_folder(made, tmp_path):
    alone = library.study(small_study(tmp_path, policies=["priced", "nearest"]), workers=1)
    pd.testing.assert_frame_equal(alone.frame, made[0].frame, check_exact=True)


def test_a_finished_study_is_read_not_run(made):
    result, folder = made
    before = contents(folder / "out")
    told = []
    again = library.study(
        small_study(folder, policies=["priced", "nearest"]), folder / "out", progress=lambda *step: told.append(step)
    )
    pd.testing.assert_frame_equal(again.frame, result.frame, check_exact=True)
    assert contents(folder / "out") == before
    assert told


def test_the_folder_lists_its_files_and_its_tables_are_those_of_the_result(made):
    result, folder = made
    facts = json.loads((folder / "out" / "run.json").read_text())
    found = {path.relative_to(folder / "out").as_posix() for path in (folder / "out").rglob("*") if path.is_file()}
    assert set(facts["files"]) == found
    pd.testing.assert_frame_equal(pd.read_parquet(folder / "out" / "results.parquet"), result.frame)
    summary = json.loads((folder / "out" / "summary.json").read_text())
    assert summary["variants"]["nowhere"]["status"] == "failed"
    assert summary["variants"]["small"]["policies"]["priced"]["cost"]["against"] == "base/priced"


def test_a_precision_gives_every_variant_the_replications_of_the_base(tmp_path):
    given = small_study(tmp_path, variations=LOST[:1], precision=0.03)
    result = library.study(given)
    counts = set(result.variants["replications"])
    assert len(counts) == 1
    assert counts.pop() >= 10
    row = result.table("cost").loc[("base", "priced")]
    assert (row["ci_high"] - row["mean"]) / row["mean"] <= 0.03


def test_prices_and_shifts_are_carried_over_by_name(tmp_path):
    base = write_quickstart(tmp_path)
    former = compile_scenario(load_scenario(base))
    site = {"kind": "fulfilment_centre", "lat": 42, "lon": -71, "storage_m3": {"standard": 1}}
    opened = {"A": {**site, "lanes": [{"from": "DC", "lead_time": {"mean": 1}}]}}
    later = compile_scenario(variant(base, nodes={"open": opened}))
    plan = given_plan(former)
    carried = carried_over(plan, former, later)
    old = [former.names.nodes.index(name) for name in former.names.nodes]
    new = [later.names.nodes.index(name) for name in former.names.nodes]
    for given, found in ((plan.prices, carried.prices), (plan.refinement.prices, carried.refinement.prices)):
        for part in (0, 1, 2):
            np.testing.assert_array_equal(fields(found)[part][new], fields(given)[part][old])
        for name in former.names.lanes:
            own = found.lane[later.names.lanes.index(name)]
            np.testing.assert_array_equal(own, given.lane[former.names.lanes.index(name)])
        assert not found.storage[later.names.nodes.index("A")].any()
        assert not found.lane[later.names.lanes.index("DC→A")].any()
    np.testing.assert_array_equal(carried.refinement.shift[:, new], plan.refinement.shift[:, old])
    assert not carried.refinement.shift[:, later.names.nodes.index("A")].any()
    shorter = compile_scenario(load_scenario(base, ["horizon.periods=9"]))
    assert carried_over(plan, former, shorter) == (None, None)


def given_plan(compiled):
    """A plan of the quickstart whose prices and shifts are all different numbers."""
    plan = library.plan(load_scenario(ROOT / "scenarios" / "quickstart.yaml", [f"{k}={v}" for k, v in QUICK.items()]))
    counted = iter(range(1, 10_000))

    def numbered(shape):
        return np.array([next(counted) for _ in range(np.prod(shape))], float).reshape(shape)

    prices = [
        CapacityPrices(*(numbered(part.shape) for part in fields(no_prices(capacities(compiled).limit))))
        for _ in range(2)
    ]
    refinement = Refinement(1, 0.0, prices[1], numbered(plan.targets.shape))
    return replace(plan, prices=prices[0], refinement=refinement)


def test_the_command_prints_a_table_and_says_what_failed(meio, tmp_path):
    path = written(tmp_path, variations=LOST[:2])
    ended = meio("study", path, "-o", tmp_path / "out", "--replications", 3)
    assert ended.code == 3
    assert "1 variant failed; the others are written" in ended.err
    lines = ended.out.splitlines()
    assert lines[0] == "s, money in USD"
    assert [line.split()[0] for line in lines[3:5]] == ["base", "small"]
    ended = meio("study", path, "-o", tmp_path / "out", "--replications", 3, "--json")
    assert json.loads(ended.out)["variants"]["small"]["replications"] == 3
    ended = meio("study", path, "-o", tmp_path / "out")
    assert ended.code == 2
    assert "replications: 3 then, 4 now" in ended.err
