"""What customers ordered, period by period: what forecasts are learned from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from meio.network.compiled import Floats, Ints


@dataclass(frozen=True, eq=False, repr=False)
class History:
    """Demand of many series over the same periods.

    Attributes
    ----------
    series : DataFrame
        One row a series, its name in the columns ``product``, ``zone`` and ``speed`` (those that were given).
    start : Timestamp
        First day of the first period.
    period_days : int
        Days in a period: 1 or 7.
    units : array [series, period]
        Units ordered, ≥ 0; NaN before a product was on sale. A period without a row is 0, not NaN.
    in_stock : array [series, period]
        Share of the period in which the product could be bought, 0 to 1; where it is below 1, `units` are sales and
        demand may have been higher. 0 also where nothing was recorded at all.
    price : array [series, period] or None
        Money per unit; NaN where a product has none.
    promotion : array [series, period] or None
        Share of the period on promotion, 0 to 1.
    attributes : DataFrame
        One row a series: what is known of its product (category, brand, size …), text or numbers.
    value : array [series]
        Money per unit, the weight of a unit of error; the median where a product's is not known, 1 where none is.
    notes : tuple of str
        What in the file was treated, how, and how often.
    """

    series: pd.DataFrame
    start: pd.Timestamp
    period_days: int
    units: Floats
    in_stock: Floats
    price: Floats | None
    promotion: Floats | None
    attributes: pd.DataFrame
    value: Floats
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name in ("in_stock", "price", "promotion"):
            table = getattr(self, name)
            if table is not None and table.shape != self.units.shape:
                raise ValueError(f"{name}: found shape {table.shape}, expected {self.units.shape} as units have")
        for name in ("series", "attributes", "value"):
            if len(getattr(self, name)) != self.num_series:
                raise ValueError(f"{name}: found {len(getattr(self, name))} rows, expected {self.num_series}")

    def __repr__(self) -> str:
        names = " × ".join(map(str, self.series))
        noun = {1: "day", 7: "week"}.get(self.period_days, f"period of {self.period_days} days")
        last = self.end - pd.Timedelta(days=1)
        given = [name for name in ("price", "promotion") if getattr(self, name) is not None]
        partly = float((self.in_stock < 1).mean()) if self.in_stock.size else 0.0
        parts = [
            f"{self.num_series:,} series ({names})",
            f"{self.num_periods:,} {noun}{'s' * (self.num_periods != 1)} from {self.start:%Y-%m-%d} to {last:%Y-%m-%d}",
            f"{np.nansum(self.units):,.0f} units",
            *([f"{partly:.1%} of periods out of stock or unknown, at least in part"] if partly else []),
            *([f"with {' and '.join(given)}"] if given else []),
            *([f"attributes {', '.join(map(str, self.attributes))}"] if len(self.attributes.columns) else []),
            *([f"{len(self.notes)} note{'s' * (len(self.notes) != 1)}"] if self.notes else []),
        ]
        return f"History({'; '.join(parts)})"

    @property
    def num_series(self) -> int:
        """Number of series."""
        return len(self.units)

    @property
    def num_periods(self) -> int:
        """Number of periods."""
        return int(self.units.shape[1])

    @property
    def end(self) -> pd.Timestamp:
        """First day after the last period: where forecasts begin."""
        return self.start + pd.Timedelta(days=self.period_days * self.num_periods)

    def until(self, period: int) -> History:
        """The history as it was known after its first `period` periods, of every series, also those not yet on sale."""
        return self._with(lambda table: table[:, :period], self.series, self.attributes, self.value)

    def of(self, rows: Ints) -> History:
        """Only the series at these rows, by position."""
        series, attributes = (frame.iloc[rows].reset_index(drop=True) for frame in (self.series, self.attributes))
        return self._with(lambda table: table[rows], series, attributes, self.value[rows])

    def _with(
        self, part: Callable[[Floats], Floats], series: pd.DataFrame, attributes: pd.DataFrame, value: Floats
    ) -> History:
        """Part of each array [series, period]."""
        return replace(
            self,
            units=part(self.units),
            in_stock=part(self.in_stock),
            price=None if self.price is None else part(self.price),
            promotion=None if self.promotion is None else part(self.promotion),
            series=series,
            attributes=attributes,
            value=value,
        )
