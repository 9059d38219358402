"""Laws of a table of forecasts, by the names of its columns."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import pandas as pd

from meio.demand.forecast import finite
from meio.demand.laws import Law, LawError, closed_cycle, flat_end, parts_of_whole, total
from meio.network.problems import one_of


class TableLaw(Protocol):
    """Something that holds in a table of forecasts."""

    def laws(self, keys: pd.DataFrame) -> Iterator[Law]:
        """Laws over the rows of a table's key columns, numbered from 0."""


@dataclass(frozen=True)
class AddUp:
    """Rows add up along a column to rows that hold their total, themselves forecasts.

    Attributes
    ----------
    column : str
        Such as ``zone``; all other key columns are the same in a total and its parts.
    total : label, or mapping of label to labels
        The label of the row that all others add up to; or for each label of a total those of its parts, as
        ``{"March": ["week 9", "week 10", …]}``.
    noise_sd : float
        How far the sum may miss, as a standard deviation.
    """

    column: str
    total: Hashable | Mapping[Hashable, Sequence[Hashable]] = "all"
    noise_sd: float = 0.0

    def laws(self, keys: pd.DataFrame) -> Iterator[Law]:
        """One law for each total that has parts."""
        found = False
        for group, row_of in _rows_along(keys, self.column):
            for whole, parts in self._parts(row_of).items():
                if whole in row_of and parts:
                    found = True
                    name = f"{_described({self.column: whole} | group)} is the sum over {self.column}"
                    yield parts_of_whole(name, [row_of[part] for part in parts], row_of[whole], self.noise_sd)
        if not found:
            raise LawError(f"no total over '{self.column}': found no group with a row for the total and for its parts")

    def _parts(self, row_of: Mapping[Hashable, int]) -> dict[Hashable, list[Hashable]]:
        if isinstance(self.total, Mapping):
            return {whole: [part for part in parts if part in row_of] for whole, parts in self.total.items()}
        return {self.total: [label for label in row_of if label != self.total]}


@dataclass(frozen=True, eq=False)
class Known:
    """Demand known from outside: orders already placed, a total that was agreed.

    Attributes
    ----------
    values : data frame
        Column ``value``, and some of the table's key columns: all rows that are the same in these columns add up to
        the value. Name every column in which the table has totals, or they are added to their parts. A column
        ``noise_sd``, if there is one, says how far each sum may miss.
    """

    values: pd.DataFrame

    def laws(self, keys: pd.DataFrame) -> Iterator[Law]:
        """One law for each row of the values."""
        if "value" not in self.values.columns:
            raise LawError(f"known values have no column 'value'; found {one_of(list(map(str, self.values.columns)))}")
        columns = [column for column in self.values.columns if column not in {"value", "noise_sd"}]
        _check_columns(keys, columns)
        rows_of = keys.groupby(columns, observed=True).indices if columns else {(): range(len(keys))}
        noise = self.values["noise_sd"] if "noise_sd" in self.values.columns else 0.0
        for values in self.values.assign(noise_sd=noise).to_dict("records"):
            label = tuple(values[column] for column in columns)
            rows = rows_of.get(label if len(columns) != 1 else label[0], ())
            name = f"{_described(dict(zip(columns, label, strict=True)))} is known"
            if not len(rows):
                raise LawError(f"law '{name}': no row of the forecast has these labels")
            finite(values["value"], f"value of law '{name}'", 0)
            yield total(name, list(rows), float(values["value"]), float(values["noise_sd"]))


@dataclass(frozen=True)
class FlatEnd:
    """The season ends flat: two last labels of a column, such as its last periods, have the same demand."""

    column: str
    before: Hashable
    last: Hashable
    noise_sd: float = 0.0

    def laws(self, keys: pd.DataFrame) -> Iterator[Law]:
        """One law for each group that has both labels."""
        for name, rows in _pairs(keys, self.column, self.before, self.last):
            yield flat_end(name, rows, self.noise_sd)


@dataclass(frozen=True)
class ClosedCycle:
    """A cycle closes: the first and the last label of a column have the same demand."""

    column: str
    first: Hashable
    last: Hashable
    noise_sd: float = 0.0

    def laws(self, keys: pd.DataFrame) -> Iterator[Law]:
        """One law for each group that has both labels."""
        for name, rows in _pairs(keys, self.column, self.first, self.last):
            yield closed_cycle(name, rows, self.noise_sd)


def _pairs(keys: pd.DataFrame, column: str, first: Hashable, last: Hashable) -> Iterator[tuple[str, list[int]]]:
    found = False
    for group, row_of in _rows_along(keys, column):
        if first in row_of and last in row_of:
            found = True
            yield f"{_described({column: last} | group)} is as {first}", [row_of[first], row_of[last]]
    if not found:
        raise LawError(f"no group has both {column} {first} and {column} {last}")


def _rows_along(keys: pd.DataFrame, column: str) -> Iterator[tuple[dict[str, Hashable], dict[Hashable, int]]]:
    """For each combination of the other columns: its labels, and the row of each label of the column."""
    _check_columns(keys, [column])
    others = [name for name in keys.columns if name != column]
    labels = keys[column].to_numpy(object)
    groups = keys.groupby(others, observed=True, sort=False).indices if others else {(): range(len(keys))}
    for label, rows in groups.items():
        label = label if isinstance(label, tuple) else (label,)  # noqa: PLW2901 - pandas unwraps single columns
        yield dict(zip(others, label, strict=True)), {labels[row]: int(row) for row in rows}


def _check_columns(keys: pd.DataFrame, columns: Sequence[str]) -> None:
    for column in columns:
        if column not in keys.columns:
            raise LawError(f"found no column '{column}' in the forecast, expected {one_of(list(keys.columns))}")


def _described(labels: Mapping[str, Hashable]) -> str:
    return ", ".join(f"{column} {label}" for column, label in labels.items()) or "everything"
