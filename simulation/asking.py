"""Asking a policy outside the engine, in the middle of a replication, which node ships what.

The replication's kernel collects the orders of a batch in `State.batch`, calls the address of a `Callback`, and finds
the parcels there. The interpreter's lock is held for as long as the policy works, so threads ask one after the other.
"""

from __future__ import annotations

import ctypes
import inspect
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from copy import deepcopy

import numpy as np

from meio.network.compiled import CompiledScenario
from meio.simulation.open_batch import OpenBatch, open_batch
from meio.simulation.parcel_checks import ParcelCheck, Row, described_all, packages
from meio.simulation.policies import AssignmentPolicy, Order, PolicyError
from meio.simulation.state import NUM_PARCELS, Batch, State
from meio.simulation.transportation import BatchPolicy
from meio.simulation.views import orders_of
from meio.simulation.world import World

GO_ON, FAILED, NO_ROOM_FOR_PARCELS = range(3)  # what the kernel is told, as outside_kernels has it

_Prototype = ctypes.CFUNCTYPE(ctypes.c_int64)


class Callback:
    """A function that kernels can call by its address, as long as this object lives."""

    def __init__(self, function: Callable[[], int]) -> None:
        self._function = _Prototype(function)
        self.address = int(ctypes.cast(self._function, ctypes.c_void_p).value or 0)


class Asking:
    """Puts the orders of `State.batch` before a policy, and writes what it answers if that can be done.

    Parameters
    ----------
    policy : AssignmentPolicy or BatchPolicy
        A policy of the user's is copied, so that every replication begins alike on any number of threads.
    compiled : CompiledScenario
    world : World
        May be replaced by another of the same scenario while the replication runs.
    state : State
        The replication's.

    Attributes
    ----------
    failure : exception, optional
        Why a call returned `FAILED`: a `PolicyError`, or what interrupted the policy.
    """

    def __init__(
        self, policy: AssignmentPolicy | BatchPolicy, compiled: CompiledScenario, world: World, state: State
    ) -> None:
        self.compiled, self.world, self.state = compiled, world, state
        self.failure: BaseException | None = None
        self._policy = policy
        self._copied = False

    def __call__(self) -> int:
        """Ask; `GO_ON`, `FAILED` or `NO_ROOM_FOR_PARCELS`."""
        self.state.batch.counters[NUM_PARCELS] = 0
        try:
            batch = open_batch(self.world, self.state)
            rows = self._answer(batch)
        except BaseException as failure:  # noqa: BLE001 - nothing can be raised through a kernel
            self.failure = failure
            return FAILED
        return GO_ON if _write(self.state.batch, rows) else NO_ROOM_FOR_PARCELS

    def _answer(self, batch: OpenBatch) -> list[Row]:
        if isinstance(self._policy, BatchPolicy):
            return self._policy.assign_batch(batch)
        if not self._copied:
            self._policy, self._copied = _copy_of(self._policy), True
        orders = orders_of(batch, self.compiled, int(self.state.order_number[0]))
        check = ParcelCheck(self._policy.name, batch, orders, self.compiled, self.world)
        for parcel in _parcels(self._policy, orders):
            check.add(parcel)
        check.check_packages()
        return check.rows


def _copy_of(policy: AssignmentPolicy) -> AssignmentPolicy:
    try:
        return deepcopy(policy)
    except Exception as error:
        raise PolicyError(f"policy {policy.name} cannot be copied for each replication: {error}") from error


def _parcels(policy: AssignmentPolicy, orders: Sequence[Order]) -> Iterator[object]:
    """What the policy answers; its exceptions say where in the user's file they come from."""
    try:
        yield from _answer_of(policy, orders)
    except PolicyError:
        raise
    except Exception as error:
        what = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        place = _place(policy, error)
        raise PolicyError(f"policy {policy.name}, {described_all(orders)}: {what}, at {place}") from error


def _answer_of(policy: AssignmentPolicy, orders: Sequence[Order]) -> Iterable[object]:
    answer: object = policy.assign(orders)
    if not isinstance(answer, Iterable):
        expected = "an iterable of parcels from assign"
        raise PolicyError(f"policy {policy.name}, {described_all(orders)}: found {answer!r}, expected {expected}")
    return answer


def _place(policy: AssignmentPolicy, error: Exception) -> str:
    """The last line of the policy's own file on the way to an error."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if frame.filename == inspect.getsourcefile(type(policy))]
    frame = (own or frames)[-1]
    return f"{frame.filename}:{frame.lineno} in {frame.name}"


def _write(batch: Batch, rows: Sequence[Row]) -> bool:
    """Write parcels as `Batch` wants them sorted, unless there is no room for so many."""
    by_order = sorted(packages(rows).items(), key=lambda package: package[0][0])
    sorted_rows = [
        (order, line, node, units, ship_day)
        for (order, node, ship_day), lines in by_order
        for line, units in sorted(lines.items())
    ]
    if len(sorted_rows) > len(batch.parcel_order):
        return False
    columns = (batch.parcel_order, batch.parcel_line, batch.parcel_node, batch.parcel_units, batch.parcel_ship_day)
    table = np.array(sorted_rows, dtype=np.int64).reshape(-1, len(columns))
    for column, values in zip(columns, table.T, strict=True):
        column[: len(table)] = values
    batch.counters[NUM_PARCELS] = len(table)
    return True
