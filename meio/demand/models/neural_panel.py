"""Series with their attributes as the neural model learns from them and forecasts them."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from meio.demand.models.neural_inputs import LOOK_BACK, Look, Singles, Window, look, targets
from meio.demand.spans import Span
from meio.network.compiled import Floats, Ints

POOLED = 2000
"""Series, about, whose demand is pooled for the dispersion to start from."""
LEAST_DISPERSION = 0.1


@dataclass(frozen=True, eq=False)
class Panel:
    """Series over the same periods.

    Attributes
    ----------
    window : Window
    units, in_stock : array [series, period]
        As in `History`.
    codes : array [series, category]
    sizes : tuple of int
        Codes of each category.
    numbers : array [series, number]
    spans : tuple of Span
    period_days : int
    prior : float
        Units a period of a series of which nothing is known.
    """

    window: Window
    units: Floats
    in_stock: Floats
    codes: Ints
    sizes: tuple[int, ...]
    numbers: Singles
    spans: tuple[Span, ...]
    period_days: int
    prior: float

    @property
    def num_series(self) -> int:
        """Number of series."""
        return len(self.units)

    @property
    def num_inputs(self) -> int:
        """Inputs at an origin."""
        return int(self.of(np.arange(1)).look().inputs.shape[2])

    def of(self, rows: Ints) -> Panel:
        """Only these series."""
        return replace(
            self,
            window=self.window.rows(rows),
            units=self.units[rows],
            in_stock=self.in_stock[rows],
            codes=self.codes[rows],
            numbers=self.numbers[rows],
        )

    def crop_last(self) -> Panel:
        """The same, of which no more than the last `LOOK_BACK` periods are seen."""
        num_periods = self.window.num_periods
        return replace(self, window=self.window.crop(max(num_periods - LOOK_BACK, 0), num_periods))

    def crop_at_random(self, random: np.random.Generator) -> tuple[Panel, Singles]:
        """The same, with up to `LOOK_BACK` periods seen, and the targets at their origins: [series, origin, span]."""
        num_periods = self.window.num_periods
        first = int(random.integers(max(num_periods - LOOK_BACK, 0) + 1))
        window = self.window.crop(first, min(first + LOOK_BACK, num_periods))
        return replace(self, window=window), targets(
            self.units, self.in_stock, self.spans, first, window.num_periods + 1
        )

    def look(self, until: Ints | None = None) -> Look:
        """What the network sees; with `until`, as though each series went on sale after so many periods."""
        window = self.window if until is None else self.window.blanked(until)
        return look(window, self.period_days, self.prior)

    def unit(self, level: Singles) -> Singles:
        """What the network's quantiles are multiples of, of levels [series, origin]: [series, origin, span]."""
        lengths = np.array([span.length for span in self.spans], dtype=np.float32)
        return level[:, :, None] * lengths

    def pooled_dispersion(self) -> Floats:
        """Variance over mean of totals about what the level says, of the median series: [span].

        Raises
        ------
        ValueError
            If a span is nowhere known as a whole.
        """
        some = self.of(np.arange(0, self.num_series, math.ceil(self.num_series / POOLED))).crop_last()
        origins = some.window.num_periods + 1
        target = targets(some.units, some.in_stock, self.spans, self.window.num_periods + 1 - origins, origins)
        unit = some.unit(some.look().level)
        known = np.count_nonzero(~np.isnan(target), axis=1)
        for place, span in enumerate(self.spans):
            if not known[:, place].any():
                raise ValueError(_too_short(self.window.num_periods, span))
        each = np.nansum((target - unit) ** 2 / unit, axis=1) / np.maximum(known, 1)
        dispersion: Floats = np.maximum(np.nanmedian(np.where(known > 0, each, np.nan), axis=0), LEAST_DISPERSION)
        return dispersion


def _too_short(num_periods: int, span: Span) -> str:
    return (
        f"history: found {num_periods} periods, in none of which a series was on sale and in stock for periods "
        f"{span.first} to {span.last} after it; expected at least {span.last} periods: forecast shorter spans, "
        "or with a model that needs less history, such as seasonal_naive"
    )
