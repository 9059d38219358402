"""A search that can go on where it stopped: every step it took is on record, and is not taken again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from meio.blocks.checkpoint import Record


class Store(Protocol):
    """Where records are kept: `meio.blocks.checkpoint.Checkpoint`, or anything like it."""

    def append(self, record: Record) -> None:
        """Keep a record; it is safe when this returns."""

    def read(self) -> list[Record]:
        """All records, in their order."""


class Journal:
    """Steps in their order: those on record are read, those after them are taken and put on record.

    A step's result must depend on nothing but the steps before it. Then a search that is told its former results again
    does what it did before, to the last bit, up to where it stopped.

    Parameters
    ----------
    store : Store, optional
        Holds the steps of an earlier run, and takes those of this one; none: nothing is kept.
    """

    def __init__(self, store: Store | None = None) -> None:
        self._store = store
        self._past = list(store.read()) if store else []

    @property
    def behind(self) -> bool:
        """Whether the next step was taken by an earlier run."""
        return bool(self._past)

    def step(self, take: Callable[[], Record]) -> Record:
        """The result of the next step."""
        if self._past:
            return self._past.pop(0)
        record = take()
        if self._store is not None:
            self._store.append(record)
        return record
