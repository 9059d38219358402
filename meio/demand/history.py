"""What customers ordered, period by period: what forecasts are learned from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from meio.network.compiled import Floats, Ints


@dataclass(frozen=True, eq=False)
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
        demand may have been higher.
    price : array [series, period] or None
        Money per unit.
    promotion : array [series, period] or None
        Share of the period on promotion, 0 to 1.
    attributes : DataFrame
        One row a series: what is known of its product (category, brand, size …), text or numbers.
    value : array [series]
        Money per unit, the weight of a unit of error; 1 where no price is known.
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
        cut: dict[str, Any] = {name: getattr(self, name) for name in ("units", "in_stock", "price", "promotion")}
        return replace(self, **{name: None if table is None else table[:, :period] for name, table in cut.items()})

    def of(self, rows: Ints) -> History:
        """Only the series at these rows, by position."""
        cut: dict[str, Any] = {
            name: getattr(self, name) for name in ("units", "in_stock", "price", "promotion", "value")
        }
        named: dict[str, Any] = {
            name: getattr(self, name).iloc[rows].reset_index(drop=True) for name in ("series", "attributes")
        }
        return replace(self, **{name: None if table is None else table[rows] for name, table in cut.items()}, **named)
