"""Policies named on the command line: a built-in one, or a class or object in a Python file of the user's.

Only the command line can name a file. A scenario cannot: it is data, and reading it runs nothing.
"""

from __future__ import annotations

import sys
import traceback
from hashlib import sha256
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any, get_args

from meio.network.model import Policy
from meio.network.problems import closest
from meio.simulation.policies import AssignmentPolicy, PolicyError, check_policy


class PolicyNameError(Exception):
    """A policy's name on the command line that leads nowhere."""


_BUILT_IN: tuple[Policy, ...] = get_args(Policy)


def named_policy(given: str) -> Policy | AssignmentPolicy:
    """Return the policy that ``NAME`` or ``FILE.py:NAME`` stands for.

    Parameters
    ----------
    given : str
        The name of a built-in policy, or a file and the name in it of a policy or of a class that makes one.

    Raises
    ------
    PolicyNameError
        When there is no such file or name.
    PolicyError
        When the file cannot be run, or what it names is no policy.
    """
    for name in _BUILT_IN:
        if given == name:
            return name
    file, colon, name_in_file = given.rpartition(":")
    if not colon or not file.endswith(".py"):
        expected = f"{', '.join(_BUILT_IN)} or FILE.py:CLASS"
        raise PolicyNameError(f"policy '{given}': expected {expected}{_meant(given, _BUILT_IN)}")
    found = _found(_run(Path(file)), name_in_file, given)
    return check_policy(_made(found, given) if isinstance(found, type) else found, given)


def _run(file: Path) -> ModuleType:
    """The file as a module, under a name of its own, which dataclasses and copies need to find."""
    if not file.is_file():
        raise PolicyNameError(f"policy file {file}: no such file")
    name = f"{file.stem}_{sha256(str(file.resolve()).encode()).hexdigest()[:8]}"
    spec = spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise PolicyError(f"policy file {file}: not a Python file")
    module = module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        raise PolicyError(f"policy file {_place(file, error)}") from error
    return module


def _found(module: ModuleType, name: str, given: str) -> Any:
    if not hasattr(module, name):
        names = [name for name, value in vars(module).items() if getattr(value, "__module__", "") == module.__name__]
        expected = " or ".join(names) or "a class"
        raise PolicyNameError(f"policy '{given}': the file has no '{name}', expected {expected}{_meant(name, names)}")
    return getattr(module, name)


def _made(found: type, given: str) -> Any:
    try:
        return found()
    except Exception as error:
        raise PolicyError(f"policy '{given}' cannot be made without arguments: {error}") from error


def _place(file: Path, error: BaseException) -> str:
    """Where in the file an error comes from, and what it is."""
    own = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(file)]
    line = error.lineno if isinstance(error, SyntaxError) else own[-1] if own else 1
    return f"{file}:{line}: {type(error).__name__}: {error.msg if isinstance(error, SyntaxError) else error}"


def _meant(name: str, names: tuple[str, ...] | list[str]) -> str:
    meant = closest(name, names)
    return f"; did you mean '{meant}'?" if meant else ""
