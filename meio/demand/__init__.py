"""What customers will order: forecasts as distributions, and laws they must keep.

`Forecast` is a mean with a covariance; `reconcile` imposes linear laws on it, `keep_nonnegative` a demand of zero or
more; `reconcile_table` does both for a data frame. Nothing heavy is imported before it is used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from meio.demand.censoring import unconstrain
    from meio.demand.choice import choose
    from meio.demand.coherence import Coherence
    from meio.demand.conformal import calibrate, calibrate_next
    from meio.demand.folder import read_forecast, write_forecast
    from meio.demand.forecast import Forecast
    from meio.demand.forecasting import DemandForecast, forecast_demand
    from meio.demand.groups import demand_groups
    from meio.demand.history import History
    from meio.demand.history_read import read_history
    from meio.demand.joint import past_ranks, sample_paths
    from meio.demand.laws import Law, LawError, closed_cycle, flat_end, known, parts_of_whole, total
    from meio.demand.moments import demand_table
    from meio.demand.nonnegative import NonnegativeForecast, keep_nonnegative
    from meio.demand.rolling import RollingForecasts, roll
    from meio.demand.score_table import score_table
    from meio.demand.shaped import ShapedForecast
    from meio.demand.spans import QuantileForecast, Span
    from meio.demand.stocking import StockingCost
    from meio.demand.table_laws import AddUp, ClosedCycle, FlatEnd, Known
    from meio.demand.tables import ReconciledTable, reconcile_table
    from meio.demand.update import reconcile, reconcile_samples

__all__ = [
    "AddUp",
    "ClosedCycle",
    "Coherence",
    "DemandForecast",
    "FlatEnd",
    "Forecast",
    "History",
    "Known",
    "Law",
    "LawError",
    "NonnegativeForecast",
    "QuantileForecast",
    "ReconciledTable",
    "RollingForecasts",
    "ShapedForecast",
    "Span",
    "StockingCost",
    "calibrate",
    "calibrate_next",
    "choose",
    "closed_cycle",
    "demand_groups",
    "demand_table",
    "flat_end",
    "forecast_demand",
    "keep_nonnegative",
    "known",
    "parts_of_whole",
    "past_ranks",
    "read_forecast",
    "read_history",
    "reconcile",
    "reconcile_samples",
    "reconcile_table",
    "roll",
    "sample_paths",
    "score_table",
    "total",
    "unconstrain",
    "write_forecast",
]

_HOMES = {
    "AddUp": "table_laws",
    "ClosedCycle": "table_laws",
    "Coherence": "coherence",
    "DemandForecast": "forecasting",
    "FlatEnd": "table_laws",
    "Forecast": "forecast",
    "History": "history",
    "Known": "table_laws",
    "Law": "laws",
    "LawError": "laws",
    "NonnegativeForecast": "nonnegative",
    "QuantileForecast": "spans",
    "ReconciledTable": "tables",
    "RollingForecasts": "rolling",
    "ShapedForecast": "shaped",
    "Span": "spans",
    "StockingCost": "stocking",
    "calibrate": "conformal",
    "calibrate_next": "conformal",
    "choose": "choice",
    "closed_cycle": "laws",
    "demand_groups": "groups",
    "demand_table": "moments",
    "flat_end": "laws",
    "forecast_demand": "forecasting",
    "keep_nonnegative": "nonnegative",
    "known": "laws",
    "parts_of_whole": "laws",
    "past_ranks": "joint",
    "read_forecast": "folder",
    "read_history": "history_read",
    "reconcile": "update",
    "reconcile_samples": "update",
    "reconcile_table": "tables",
    "roll": "rolling",
    "sample_paths": "joint",
    "score_table": "score_table",
    "total": "laws",
    "unconstrain": "censoring",
    "write_forecast": "folder",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'meio.demand' has no attribute '{name}'")
    return getattr(import_module(f"meio.demand.{_HOMES[name]}"), name)
