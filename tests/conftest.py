"""Settings and fixtures all tests share."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import NamedTuple

import pytest
from hypothesis import settings

settings.register_profile("meio", deadline=None)  # a busy machine is not a failure
settings.load_profile("meio")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest test, so that all others run beside it, and with those that compile other kernels."""
    first = ["test_scale.py", "test_simulation_", "test_demand_"]
    items.sort(key=lambda item: [not item.path.name.startswith(name) for name in first])


class Ended(NamedTuple):
    """How a command ended: its exit code, and what it wrote to stdout and stderr."""

    code: int
    out: str
    err: str


def run_meio(arguments: Sequence[object], capture: Callable[[], tuple[str, str]]) -> Ended:
    """Run the command line in this process; `capture` returns what was written since it was last called."""
    from meio.cli import main

    capture()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["meio", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
    return Ended(int(ended.value.code or 0), *capture())


@pytest.fixture
def meio(capsys: pytest.CaptureFixture[str]) -> Callable[..., Ended]:
    """Run one command: ``meio("validate", path)``."""
    return lambda *arguments: run_meio(arguments, capsys.readouterr)
