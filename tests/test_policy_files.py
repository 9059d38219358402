"""Policies from the command line: the example of the documentation runs, and every mistake ends in a message."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import Ended, run_meio

from meio.simulation.policy_files import PolicyNameError, named_policy

ROOT = Path(__file__).parent.parent
QUICKSTART = ROOT / "scenarios" / "quickstart.yaml"
Meio = Callable[..., Ended]
MISBEHAVING = """
from meio.simulation.policies import Parcel

class Misbehaving:
    name, batch_minutes = "misbehaving", 30

    def assign(self, orders):
        for order in orders:
            for option in order.options[:1]:
                product = next(product for product, units in option.free.items() if units)
                day = order.day - 1 if order.day == 2 and {past} else None
                node = "Nowhere" if order.day == 2 and {unknown} else option.node
                units = -1 if order.day == 2 and {negative} else 1
                if order.day == 2 and {fails}:
                    raise ZeroDivisionError("my mistake")
                if len(orders) == 1 or order.day == 2:
                    yield Parcel(order.number, node, product, units, day)
"""
MISTAKES = ("past", "unknown", "negative", "fails")


@pytest.fixture(scope="module")
def planned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An output folder with a plan."""
    folder = tmp_path_factory.mktemp("policies") / "out"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("typer.echo", lambda *_, **__: None)
        assert run_meio(["plan", QUICKSTART, "--refine", 0, "-o", folder], lambda: ("", "")).code in (0, 5)
    return folder


def example(folder: Path) -> Path:
    """The example of the documentation, as a file."""
    (code,) = re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "policies.md").read_text("utf-8"), re.DOTALL)
    path = folder / "fullest.py"
    path.write_text(code)
    return path


def test_example_of_the_documentation_runs(meio: Meio, planned: Path, tmp_path: Path):
    few = ("--set", "planning.refinement_rounds=0", "--replications", 2)
    ended = meio(
        *("simulate", QUICKSTART, "--plan", planned, *few, "--json", "-o", tmp_path / "out"),
        *("--policy", "priced", "--against", f"{example(tmp_path)}:FullestShelf"),
    )
    assert (ended.code, ended.err) == (0, "")
    summary = json.loads(ended.out)
    assert set(summary["baselines"]) == {"fullest shelf"}
    priced, fullest = summary["simulation"]["cost"], summary["baselines"]["fullest shelf"]["cost"]
    assert priced["mean"] == fullest["mean"]  # one node serves everybody, so there is nothing to choose
    assert (tmp_path / "out" / "summary.json").exists()


@pytest.mark.parametrize(
    ("mistake", "expected"),
    [
        ("past", "found ship_day 1, in the past, expected "),
        ("unknown", "found node 'Nowhere', expected "),
        ("negative", "found units -1, expected a whole number from 1 on"),
        ("fails", "ZeroDivisionError: my mistake, at "),
    ],
)
def test_misbehaviour_stops_the_run_and_keeps_what_was_simulated(
    meio: Meio, planned: Path, tmp_path: Path, mistake: str, expected: str
):
    file, out = tmp_path / "bad.py", tmp_path / "out"
    file.write_text(MISBEHAVING.format(**{name: name == mistake for name in MISTAKES}))
    ended = meio(
        *("simulate", QUICKSTART, "--plan", planned, "--set", "planning.refinement_rounds=0"),
        *("--policy", f"{file}:Misbehaving", "--replications", 2, "-o", out),
    )
    assert (ended.code, ended.out) == (3, "")
    assert re.match(r"policy misbehaving, orders? \d+ (to \d+ )?\(placed 20", ended.err)
    assert expected in ended.err
    assert "Traceback" not in ended.err
    if mistake == "fails":
        line = next(n for n, text in enumerate(file.read_text().splitlines(), 1) if "raise" in text)
        assert f"{file}:{line} in assign" in ended.err
    simulated = json.loads((out / "summary.json").read_text())["simulation"]
    assert simulated["orders"] > 0
    assert simulated["units_lost"] == 0


@pytest.mark.parametrize(
    ("content", "name", "message"),
    [
        (None, "P", "no such file"),
        ("class P: pass", "P", "P is no policy: it lacks a name (found None, expected some text), and batch_minutes"),
        ("class Greedy: pass", "Gredy", "the file has no 'Gredy', expected Greedy; did you mean 'Greedy'?"),
        ("x = 1", "", "the file has no '', expected a class"),
        ("class P:\n  def __init__(self, x): ...", "P", "cannot be made without arguments: P.__init__() missing 1"),
        ("x = 1\ny = x / 0", "P", "policy.py:2: ZeroDivisionError: division by zero"),
        ("def f(:\n  pass", "P", "policy.py:1: SyntaxError: "),
        ("raise SystemExit(4)", "P", "policy.py:1: SystemExit: 4"),
    ],
)
def test_files_without_a_policy(meio: Meio, tmp_path: Path, content: str | None, name: str, message: str):
    file = tmp_path / "policy.py"
    if content is not None:
        file.write_text(content)
    ended = meio("simulate", QUICKSTART, "--plan", tmp_path, "--policy", f"{file}:{name}")
    leads_nowhere = "no such file" in message or "the file has no" in message
    assert (ended.code, ended.out) == (2 if leads_nowhere else 3, "")
    assert message in ended.err
    assert "Traceback" not in ended.err


@pytest.mark.parametrize("given", ["nearest", "priced", "reserve", "batch"])
def test_built_in_policies_go_by_their_names(given: str):
    assert named_policy(given) == given


def test_unknown_names():
    with pytest.raises(
        PolicyNameError, match=r"policy .pricd.: expected nearest, priced, reserve, batch or FILE.py:CLASS; did"
    ):
        named_policy("pricd")
    with pytest.raises(PolicyNameError, match=r"expected nearest, .* or FILE.py:CLASS"):
        named_policy("policy.py")


def test_an_object_is_a_policy_too(tmp_path: Path):
    file = tmp_path / "ready.py"
    file.write_text(example(tmp_path).read_text() + "\nready = FullestShelf()\nready.name = 'mine'\n")
    policy = named_policy(f"{file}:ready")
    assert not isinstance(policy, str)
    assert (policy.name, policy.batch_minutes) == ("mine", 0)
