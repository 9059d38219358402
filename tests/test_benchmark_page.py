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
    return {"seed": 3, "seconds": 12.4, "load": 0.2, "date": "2026-11-21", **fields}


def written(**topics):
    from page.write import page

    machine = {"processor": "a processor", "cores": 2, "system": "Linux x86_64"}
    return page({"machine": machine, "versions": {"Python": "3.11.7"}, "topics": topics})


def test_a_comparison_is_a_row_of_the_page():
    text = written(optimizer=result(figures=FIGURES))
    row = "| Example 6.1 | 20 ms | 3.0 s | 150 × | levels within 0, cost within 0.0001 |"
    assert row in text.splitlines()
    assert "--seed 3" in text
    assert "12 s on 2026-11-21" in text
    assert "all bars hold" in text
    assert "a processor, 2 cores" in text


def test_what_could_not_be_measured_says_why_and_shows_no_figure():
    text = written(optimizer=result(problem="stockpyl could not be installed"))
    assert "Not measured: stockpyl could not be installed." in text
    assert "|" not in text


@pytest.mark.parametrize(("passed", "missed"), [({"speed": False, "value": True}, "speed"), (False, "agreement")])
def test_missed_bars_are_told(passed, missed):
    assert f"bars missed: {missed}" in written(optimizer=result(figures=FIGURES | {"passed": passed}))


def test_output_is_figures_or_a_problem():
    from bench import outcome

    assert outcome('compiling\n{"passed": true}\n', "") == {"figures": {"passed": True}}
    assert outcome('{"skipped": "no network"}', "") == {"problem": "no network"}
    assert outcome("", "Traceback\nValueError: no such thing\n") == {"problem": "ValueError: no such thing"}


def test_one_topic_leaves_the_others_as_they_were(monkeypatch, tmp_path):
    import bench
    from page.row import Row
    from page.topics import Topic

    script = tmp_path / "script.py"
    script.write_text("import json, sys; print(json.dumps({'asked': sys.argv[1:], 'passed': {'bar': True}}))")
    topic = Topic("A topic", str(script), ("--few",), lambda figures: [Row(*figures["asked"])], "It means little.")
    former = {"topics": {"optimizer": result(figures=FIGURES)}}
    (tmp_path / "benchmarks.json").write_text(json.dumps(former))
    monkeypatch.setattr(bench, "DOCS", tmp_path)
    monkeypatch.setitem(bench.TOPICS, "one", topic)
    monkeypatch.setattr(sys, "argv", ["bench.py", "--only", "one", "--seed", "7"])
    assert bench.main() == 0
    text = (tmp_path / "benchmarks.md").read_text()
    assert "| --few | --seed | 7 | --json |  |" in text
    assert "Example 6.1" in text
    kept = json.loads((tmp_path / "benchmarks.json").read_text())["topics"]
    assert kept["optimizer"] == former["topics"]["optimizer"]
    assert kept["one"]["figures"]["asked"] == ["--few", "--seed", "7", "--json"]


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
