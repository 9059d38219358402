"""How kernels are compiled: the one place that decides Numba's options.

Machine code is cached on disk, floating point stays exact (no fastmath, but lockstep kernels may fuse a product and a
sum), and a kernel releases the interpreter's lock. A kernel whose name begins with ``_`` is for kernels only: Python
has no way into it, and a call from there ends the process (a test finds such names). Only `*_kernels.py` modules
import this, and they are imported by the functions that call them, so that ``import meio`` compiles nothing.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from functools import cache
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeVar, cast

import numba

_Function = TypeVar("_Function", bound=Callable[..., Any])


def kernel(function: _Function) -> _Function:
    """Compile a function of arrays and numbers to machine code on its first call.

    The cache it is kept in knows what the kernel depends on.
    """
    return _compiled(function, _nrt=True)


def borrowing_kernel(function: _Function) -> _Function:
    """Compile a kernel that only borrows its arrays: it counts no reference to them.

    Counting references to every array of a tuple, in every call, can take longer than the call's own work. Numba
    refuses a kernel that makes arrays when it is compiled; it must not call a kernel that returns arrays either, as
    nobody would free them, nor Numba's methods of arrays (`meio.optimizer.array_kernels` stands in for them).

    Raises
    ------
    TypeError
        If the kernel is annotated to return anything but numbers.
    """
    _check_returns_numbers(function)
    return _compiled(function, _nrt=False)


def lockstep_kernel(function: _Function) -> _Function:
    """Compile a borrowing kernel whose loops are to serve several entries with one instruction.

    Division by zero gives inf or nan as in NumPy, as a loop that may stop with an exception cannot be vectorised. A
    product and a sum may be fused, which rounds once instead of twice.

    Raises
    ------
    TypeError
        If the kernel is annotated to return anything but numbers.
    """
    _check_returns_numbers(function)
    return _compiled(function, _nrt=False, error_model="numpy", fastmath={"contract"})


def _check_returns_numbers(function: Callable[..., Any]) -> None:
    returned = set(re.findall(r"\w+", str(function.__annotations__.get("return", "missing"))))
    if not returned <= {"None", "bool", "float", "int", "tuple"}:
        raise TypeError(f"{function.__qualname__}: a borrowing kernel returns numbers only; use kernel")


def _compiled(function: _Function, **options: Any) -> _Function:
    """Compile without what only C needs, and private kernels without what only Python needs: a sixth of the time."""
    options["no_cfunc_wrapper"] = True
    options["no_cpython_wrapper"] = function.__name__.startswith("_")
    config: Any = numba.config
    former = config.CACHE_DIR
    config.CACHE_DIR = _cache_folder(function.__module__, former)
    try:
        return cast(_Function, numba.njit(cache=True, nogil=True, **options)(function))
    finally:
        config.CACHE_DIR = former


@cache
def _cache_folder(module: str, root: str) -> str:
    """Return where a module's machine code is kept: below `root` or beside the module.

    Numba compiles anew when the kernel's own file changes, but not when a kernel, a constant or a type changes that it
    takes from elsewhere. So the folder's name changes with the source of every module of the package behind it.
    """
    behind, waiting = {module}, [module]
    while waiting:
        _, imported = _source(waiting.pop())
        waiting += imported - behind
        behind |= imported
    digest = sha256(b"".join(_source(name)[0] for name in sorted(behind)))
    beside = Path(root) if root else _path(module).parent / "__pycache__"
    return str(beside / f"kernels-{digest.hexdigest()[:16]}")


@cache
def _source(module: str) -> tuple[bytes, frozenset[str]]:
    """Return the source of a module, and the modules of the same package that it imports."""
    source, package = _path(module).read_bytes(), module.partition(".")[0]
    imported = {node.module or "" for node in ast.walk(ast.parse(source)) if isinstance(node, ast.ImportFrom)}
    return source, frozenset(name for name in imported if name.startswith(f"{package}."))


def _path(module: str) -> Path:
    spec = find_spec(module)
    return Path(spec.origin if spec and spec.origin else "")
