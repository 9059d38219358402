"""The page of benchmarks: what a script prints becomes a row, a skip a sentence, and nothing measured is lost."""

import json
import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parent.parent / "benchmarks"
CHAIN = {"seconds": 0.02, "stockpyl_seconds": 3.0, "times_as_fast": 150.0, "levels_apart": 0.0, "cost_apart": 1e-4}
FIGURES = {"seed": 0, "instances": {"Example 6.1": CHAIN | {"passed": True}}, "passed": True}


@pytest.fixture(autouse=True)
def _benchmarks(monkeypatch):
    monkeypatch.syspath_prepend(BENCHMARKS)


def result(**fields):
    return {"seed": 3, "seconds": 12.4, "cpu_seconds": 11.2, "load": 0.2, "date": "2026-11-21", **fields}


def written(**topics):
    from page.write import page

    machine = {"processor": "a processor", "cores": 2, "system": "Linux x86_64"}
    return page({"machine": machine, "versions": {"Python": "3.11.7"}, "topics": topics})


def test_a_comparison_is_a_row_of_the_page():
    text = written(optimizer=result(figures=FIGURES))
    row = "| Example 6.1 | 20 ms | 3.0 s | 150 × | levels within 0, cost within 0.0001 |"
    assert row in text.splitlines()
    assert "--seed 3" in text
    assert "**Measured.**" in text
    assert "12 s and 11 CPU seconds on 2026-11-21" in text
    assert "a processor, 2 cores" in text


def test_what_could_not_be_measured_says_why_and_shows_no_figure():
    text = written(optimizer=result(problem="stockpyl could not be installed"))
    assert "**Failed: stockpyl could not be installed.**" in text
    assert "|" not in text


@pytest.mark.parametrize(("passed", "missed"), [({"speed": False, "value": True}, "speed"), (False, "agreement")])
def test_missed_bars_are_told(passed, missed):
    assert f"**Bars missed: {missed}.**" in written(optimizer=result(figures=FIGURES | {"passed": passed}))


def test_output_is_figures_or_a_problem():
    from bench import outcome

    assert outcome('compiling\n{"passed": true}\n', "") == {"figures": {"passed": True}}
    assert outcome('{"skipped": "no network"}', "") == {"problem": "no network"}
    assert outcome("", "Traceback\nValueError: no such thing\n") == {"problem": "ValueError: no such thing"}


FOUND = {"machine": {"processor": "a processor", "cores": 2, "system": "Linux"}, "versions": {"Python": "3.11.7"}}
SCRIPT = "import json, sys; print(json.dumps({'asked': sys.argv[1:], 'passed': {'bar': True}}))"


@pytest.fixture
def bench(monkeypatch, tmp_path):
    """Runs the benchmarks in a folder of their own, with a topic `one` beside those that were measured before."""
    import bench
    from page.row import Row
    from page.topics import Topic

    former = {"topics": {"optimizer": result(figures=FIGURES)}, **FOUND}
    (tmp_path / "benchmarks.json").write_text(json.dumps(former))
    (tmp_path / "benchmarks.md").write_text("the former page")
    monkeypatch.setattr(bench, "DOCS", tmp_path)
    monkeypatch.setattr(bench, "machine", lambda: FOUND["machine"])
    monkeypatch.setattr(bench, "versions", lambda: FOUND["versions"])

    def run(program, budget=10.0):
        script = tmp_path / "script.py"
        script.write_text(program)
        rows = lambda figures: [Row(*figures["asked"])]  # noqa: E731
        monkeypatch.setitem(bench.TOPICS, "one", Topic("A topic", str(script), ("--few",), rows, "Little.", budget))
        monkeypatch.setattr(sys, "argv", ["bench.py", "--only", "one", "--seed", "7"])
        code = bench.main()
        page = (tmp_path / "benchmarks.md").read_text()
        return code, page, json.loads((tmp_path / "benchmarks.json").read_text())["topics"]

    run.folder = tmp_path
    return run


def test_one_topic_leaves_the_others_as_they_were(bench, capsys):
    code, text, kept = bench(SCRIPT)
    assert code == 0
    assert "| --few | --seed | 7 | --json |  |" in text
    assert "Example 6.1" in text
    assert kept["optimizer"] == result(figures=FIGURES)
    assert kept["one"]["figures"]["asked"] == ["--few", "--seed", "7", "--json"]
    assert "topic 1 of 1: one" in capsys.readouterr().err


def test_what_was_measured_with_other_versions_is_forgotten(bench, monkeypatch):
    import bench as module

    monkeypatch.setattr(module, "versions", lambda: {"Python": "3.12.1"})
    _, text, kept = bench(SCRIPT)
    assert list(kept) == ["one"]
    assert "Example 6.1" not in text


@pytest.mark.parametrize(
    ("program", "budget", "told"),
    [
        ("raise ValueError('no such thing')", 10.0, "ValueError: no such thing"),
        ("import time; time.sleep(60)", 0.1, "it was ended after 0 s"),
        ('print(\'{"skipped": "no network"}\')', 10.0, "no network"),
    ],
)
def test_a_topic_that_fails_is_on_the_page_and_in_the_exit_code(bench, program, budget, told):
    code, text, kept = bench(program, budget)
    assert code == 1
    assert f"**Failed: {told}.**" in text
    assert kept["one"]["problem"] == told
    assert "Example 6.1" in text


def test_a_run_that_is_stopped_leaves_page_and_figures_as_they_were(bench, monkeypatch):
    import bench as module

    before = (bench.folder / "benchmarks.json").read_text()

    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "ended", stop)
    with pytest.raises(KeyboardInterrupt):
        bench(SCRIPT)
    assert (bench.folder / "benchmarks.json").read_text() == before
    assert (bench.folder / "benchmarks.md").read_text() == "the former page"


def test_all_topics_together_stay_within_twenty_five_minutes():
    from page.topics import TOPICS

    assert sum(topic.budget for topic in TOPICS.values()) <= 25 * 60


@pytest.mark.parametrize("script", ["outside_environment", "optimizer_peers"])
def test_without_its_peer_a_script_skips_and_says_so(monkeypatch, capsys, tmp_path, script):
    from importlib import import_module
    from subprocess import CalledProcessError

    import peers.homes

    def fail(*command):
        raise CalledProcessError(1, command, stderr="ERROR: no matching distribution\n")

    monkeypatch.setattr(peers.homes, "HOME", tmp_path)
    monkeypatch.setattr(peers.homes, "_run", fail)
    monkeypatch.setattr(sys, "argv", [script, "--json"])
    assert import_module(script).main() == 0
    told = json.loads(capsys.readouterr().out)["skipped"]
    assert "could not be installed" in told
    assert told.endswith("no matching distribution")
