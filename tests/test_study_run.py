"""A study run: paired on the same orders, whatever the number of workers, and gone on with after it was killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scenario_files import ROOT, edited
from scipy import stats
from study_cases import QUICK, variant, write_quickstart

import meio as library
from meio.folder import OutputError
from meio.network.compile import compile_scenario
from meio.network.scenario import load_scenario
from meio.optimizer.prices import capacities, fields, no_prices
from meio.plans import CapacityPrices, Refinement, load_plan
from meio.studies.warm_start import carried_over

TABLES = ("variants.parquet", "results.parquet", "results.csv", "replications.parquet", "summary.json")
LOST = [
    {"name": "small", "capacities": [{"node": "FC", "factor": 0.6}]},
    {"name": "nowhere", "nodes": {"close": ["FCC"]}},
    {"name": "late", "lead_times": [{"from": "MILL", "plus": "1 w"}], "plan": "base"},
    {"name": "down", "disruptions": [{"node": "FC", "begins": "2025-02-03", "ends": "2025-02-05"}]},
]


def small_study(folder, **keys):
    """A quick study of the quickstart, as a mapping."""
    base = str(write_quickstart(folder))
    return {"name": "s", "base": base, "set": QUICK, "replications": 4, "variations": LOST} | keys


def written(folder, **keys):
    path = folder / "study.yaml"
    path.write_text(json.dumps(small_study(folder, **keys)), "utf-8")
    return path


def contents(folder):
    return {name: (folder / name).read_bytes() for name in TABLES}


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


def test_killed_half_way_and_started_again_it_gives_the_same_bytes(tmp_path):
    """SIGKILL after the base and at least one variant, before the last one."""
    grid = [{"grid": {"nodes.FC.storage_m3.standard": [1 + 0.3 * step for step in range(8)]}}]
    path = written(tmp_path, variations=grid)
    library.study(path, tmp_path / "whole")
    command = [sys.executable, "-c", "from meio.cli import main; main()", "study", path, "-o", tmp_path / "killed"]
    records = tmp_path / "killed" / "records"
    process = subprocess.Popen(list(map(str, [*command, "--workers", 1])), cwd=ROOT, stderr=subprocess.DEVNULL)
    while len(list(records.glob("*.json"))) < 2:
        assert process.poll() is None, "it ended before it could be killed"
        time.sleep(0.002)
    os.kill(process.pid, signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    finished = sorted(records.glob("*.json"))
    assert 2 <= len(finished) < 9
    kept = {record: record.stat().st_mtime_ns for record in finished}
    library.study(path, tmp_path / "killed", workers=2)
    assert contents(tmp_path / "killed") == contents(tmp_path / "whole")
    assert {record: record.stat().st_mtime_ns for record in finished} == kept  # what was finished was not run again


def test_ctrl_c_ends_with_130_and_a_table_of_what_is_finished(tmp_path):
    path = written(
        tmp_path, variations=[{"grid": {"nodes.FC.storage_m3.standard": [1 + 0.3 * step for step in range(8)]}}]
    )
    command = [sys.executable, "-c", "from meio.cli import main; main()", "study", path, "-o", tmp_path / "out"]
    process = subprocess.Popen(list(map(str, [*command, "--workers", 1])), cwd=ROOT, stderr=subprocess.PIPE, text=True)
    while len(list((tmp_path / "out" / "records").glob("*.json"))) < 2:
        assert process.poll() is None, "it ended before it could be interrupted"
        time.sleep(0.002)
    process.send_signal(signal.SIGINT)
    _, told = process.communicate()
    assert (process.returncode, told.splitlines()[-1]) == (130, "interrupted")
    status = pd.read_parquet(tmp_path / "out" / "variants.parquet")["status"].value_counts()
    assert status["done"] >= 2
    assert status["open"] >= 1


@pytest.mark.parametrize("left", ["start", "base"])
def test_drafts_that_a_kill_left_behind_do_no_harm(tmp_path, left):
    path = written(tmp_path, variations=LOST[:1])
    library.study(path, tmp_path / "whole")
    library.study(path, tmp_path / "out")
    draft = tmp_path / "out" / f"{left}.new"
    (tmp_path / "out" / left).rename(draft)
    (draft / "plan.json").unlink()
    (tmp_path / "out" / "records" / "0001.json").unlink()
    (tmp_path / "out" / "records" / "0001.json.new").write_text('{"half')
    library.study(path, tmp_path / "out")
    assert contents(tmp_path / "out") == contents(tmp_path / "whole")
    assert list((tmp_path / "out").rglob("*.new")) == []


def test_interrupted_it_keeps_what_is_finished(tmp_path):
    """Ctrl-C reaches the main thread, where progress of the first finished variant is told."""
    path = written(tmp_path, variations=[LOST[0], LOST[3]])

    def interrupt(_step, done, _total):
        if done > 200:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        library.study(path, tmp_path / "out", workers=1, progress=interrupt)
    variants = pd.read_parquet(tmp_path / "out" / "variants.parquet")
    assert variants["status"].iloc[0] == "done"
    assert "open" in set(variants["status"])
    library.study(path, tmp_path / "out")
    library.study(path, tmp_path / "whole")
    assert contents(tmp_path / "out") == contents(tmp_path / "whole")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda folder: written(folder, replications=5), "replications: 4 then, 5 now"),
        (
            lambda folder: written(folder, variations=[*LOST[:1], {**LOST[2], "plan": "anew"}, LOST[3]]),
            'variants.late.plan: "base" then, "anew" now',
        ),
        (lambda folder: write_quickstart(folder, edited(("mean: 70", "mean: 71"))), "the base scenario's files"),
    ],
)
def test_resuming_is_refused_when_the_study_or_its_data_changed(tmp_path, change, reason):
    path = written(tmp_path, variations=[LOST[0], LOST[2], LOST[3]])
    library.study(path, tmp_path / "out")
    before = contents(tmp_path / "out")
    change(tmp_path)
    with pytest.raises(OutputError, match="cannot be gone on with") as error:
        library.study(path, tmp_path / "out")
    assert reason in str(error.value)
    assert contents(tmp_path / "out") == before


def test_resuming_is_refused_when_a_table_of_one_variant_changed(tmp_path):
    supply = tmp_path / "supply.csv"
    supply.write_text("product,vendor,pack\n*,MILL,12\n")
    path = written(tmp_path, variations=[{"name": "packs", "set": {"supply": str(supply)}}])
    library.study(path, tmp_path / "out")
    supply.write_text("product,vendor,pack\n*,MILL,24\n")
    with pytest.raises(OutputError, match=r"supply\.csv, of the variant 'packs', has changed"):
        library.study(path, tmp_path / "out")


def test_comments_in_the_study_may_change(tmp_path):
    path = written(tmp_path, variations=LOST[:1])
    library.study(path, tmp_path / "out")
    path.write_text(f"# why we ask\n{path.read_text()}")
    library.study(path, tmp_path / "out")


def test_a_folder_of_something_else_is_left_alone(tmp_path):
    path = written(tmp_path)
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "mine.txt").write_text("mine")
    with pytest.raises(OutputError, match=r"mine\.txt, which meio did not write"):
        library.study(path, tmp_path / "notes")
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "run.json").write_text('{"files": ["run.json"]}')
    with pytest.raises(OutputError, match="another run"):
        library.study(path, tmp_path / "run")


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
