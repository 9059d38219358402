"""What goes wrong ends in a message and an exit code, never in a traceback."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import pytest
from conftest import Ended

from meio.network import catalogue as catalogue_module

QUICKSTART = Path(__file__).parent.parent / "scenarios" / "quickstart.yaml"
Meio = Callable[..., Ended]


def fails_with(error: BaseException) -> Callable[..., NoReturn]:
    def fail(*_: object, **__: object) -> NoReturn:
        raise error

    return fail


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["plam"], "No such command 'plam'"),
        (["run", QUICKSTART], "Missing option '--output' / '-o'"),
        (["run", QUICKSTART, "-o", "x", "--seed", "-1"], "Invalid value for '--seed'"),
        (["simulate", QUICKSTART, "--plan", "x", "--policy", "greedy"], "policy 'greedy': expected nearest, priced"),
    ],
)
def test_wrong_usage(meio: Meio, arguments: list[object], message: str):
    ended = meio(*arguments)
    assert (ended.code, ended.out) == (2, "")
    assert message in ended.err


def test_starter_is_a_valid_scenario(meio: Meio, tmp_path: Path):
    assert meio("init", tmp_path / "new").code == 0
    ended = meio("validate", tmp_path / "new" / "scenario.yaml")
    assert (ended.code, ended.out, ended.err) == (0, "quickstart: no problem found\n", "")


def test_starter_never_overwrites(meio: Meio, tmp_path: Path):
    (tmp_path / "scenario.yaml").write_text("mine")
    ended = meio("init", tmp_path)
    assert (ended.code, ended.err) == (2, f"{tmp_path / 'scenario.yaml'} exists already\n")
    assert (tmp_path / "scenario.yaml").read_text() == "mine"


def test_invalid_scenario(meio: Meio):
    ended = meio("run", QUICKSTART, "-o", "never", "--set", "horizon.periods=-1")
    assert (ended.code, ended.out) == (3, "")
    assert ended.err.startswith("--set:1:17: horizon.periods: found -1, expected")
    assert "Traceback" not in ended.err
    assert not Path("never").exists()


def test_problems_as_json(meio: Meio):
    ended = meio("validate", QUICKSTART, "--set", "horizon.periods=-1", "--json")
    assert ended.code == 3
    assert '"path": "horizon.periods"' in ended.out


def test_internal_error_is_brief(meio: Meio, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(catalogue_module, "check_scenario", fails_with(RuntimeError("out of luck")))
    ended = meio("validate", QUICKSTART)
    assert (ended.code, ended.err) == (1, "internal error, RuntimeError: out of luck; --debug shows where\n")


def test_debug_shows_where(meio: Meio, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(catalogue_module, "check_scenario", fails_with(RuntimeError("out of luck")))
    ended = meio("validate", QUICKSTART, "--debug")
    assert ended.code == 1
    assert "Traceback" in ended.err


def test_interrupted(meio: Meio, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(catalogue_module, "check_scenario", fails_with(KeyboardInterrupt()))
    ended = meio("validate", QUICKSTART)
    assert (ended.code, ended.err) == (130, "interrupted\n")
