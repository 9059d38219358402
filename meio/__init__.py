"""meio: multi-echelon inventory optimization.

`load` reads a scenario, `optimize` plans it, `simulate` puts a plan to work, `run` does all of it and writes an output
folder. Nothing heavy is imported before it is used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from meio.api import load, optimize, simulate
    from meio.workflow import run

__all__ = ["__version__", "load", "optimize", "run", "simulate"]

_HOMES = {"load": "meio.api", "optimize": "meio.api", "simulate": "meio.api", "run": "meio.workflow"}


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        return version("meio")
    if name not in _HOMES:
        raise AttributeError(f"module 'meio' has no attribute '{name}'")
    return getattr(import_module(_HOMES[name]), name)
