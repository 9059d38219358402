"""Calling a function outside compiled code, known by its address only, from within a kernel."""

# mypy: allow-untyped-decorators
from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from llvmlite import ir  # type: ignore[import-untyped]
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic


@intrinsic
def _call_back(_typing_context: Any, address: Any) -> Any:
    def call(context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        pointer = context.cast(builder, arguments[0], address, types.intp)
        return builder.call(builder.inttoptr(pointer, ir.FunctionType(cgutils.intp_t, []).as_pointer()), [])

    return types.int64(address), call


call_back = cast(Callable[[int], int], _call_back)
"""In a kernel: call the C function without arguments at an address, and return its 64-bit integer.

The address is a kernel's argument, no part of its machine code, so that a kernel found in the cache calls the function
of today. A kernel holds no lock of the interpreter while it runs; a function made by ctypes takes it for as long as it
is called. It may change arrays the kernel reads: the compiler cannot see through the call.
"""
