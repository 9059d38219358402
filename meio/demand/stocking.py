"""What stock would have cost, had it been kept by past forecasts: base-stock levels on the demand that then came.

A product at one place, reviewed every period, lead time included in the window: at each origin the stock and what is on
order are raised to the quantile forecast for the window's total, then the period's demand is served or lost. It is the
newsvendor trade-off with what a single window does not show: a level that was too high leaves stock that the next
forecast cannot take back, and an order comes only after the lead time. All series are simulated together, so that a
model can be judged by it on thousands of products; the simulator of networks would need a scenario and minutes a model.

References
----------
Karlin Scarf; Zipkin.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from meio.demand.rolling import RollingForecasts
from meio.demand.spans import PROBABILITIES, Span
from meio.network.compiled import Floats


@dataclass(frozen=True)
class StockingCost:
    """Cost of keeping stock by forecasts, to compare models by (`meio.demand.choice.choose`).

    Attributes
    ----------
    window : Span
        From period 1: the lead time and one review period.
    service : float
        Probability, one of `PROBABILITIES`, with which a window's demand is to be met: of the costs of a unit short and
        a unit left, the share of the first.
    holding_per_year : float
        Cost of a unit of stock, share of its value.
    """

    window: Span
    service: float = 0.95
    holding_per_year: float = 0.25

    def __call__(self, group: str, past: RollingForecasts) -> float:
        """Money for all series of a group, over all origins; the group's name does not matter."""
        del group
        return float(self.of_series(past).sum())

    def of_series(self, past: RollingForecasts) -> Floats:
        """Money [series] over all origins.

        Parameters
        ----------
        past : RollingForecasts
            At consecutive origins, with the spans (1, 1) and the window. A period of unknown demand costs nothing.
        """
        holding = self.holding_per_year * past.period_days / 365 * past.value
        shortage = holding * self.service / (1 - self.service)
        level = past.quantile[:, :, past.spans.index(self.window), PROBABILITIES.index(self.service)]
        demand = past.demand[:, :, past.spans.index(Span(1, 1))]
        on_hand = np.zeros(demand.shape[1])
        on_order = np.zeros((self.window.last, demand.shape[1]))  # [period until it arrives, series]
        cost = np.zeros_like(on_hand)
        for period, wanted in enumerate(demand):
            on_order[0 if period == 0 else -1] += np.maximum(level[period] - on_hand - on_order.sum(axis=0), 0.0)
            on_hand = on_hand + on_order[0]
            on_order = np.concatenate([on_order[1:], np.zeros((1, len(on_hand)))])
            left = on_hand - np.nan_to_num(wanted)
            cost += np.where(np.isnan(wanted), 0.0, holding * np.maximum(left, 0) + shortage * np.maximum(-left, 0))
            on_hand = np.maximum(left, 0)
        return cost
