"""Models that forecast quantiles of demand, behind one Protocol."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from meio.demand.models.protocol import DemandModel

MODELS = {
    "seasonal_naive": ("naive", "SeasonalNaive"),
    "smoothing": ("smoothing", "Smoothing"),
    "boosted": ("boosted", "Boosted"),
    "forest": ("forest", "Forest"),
    "neural": ("neural", "Neural"),
}
"""Every model: the module and the class behind its name."""

_UNSEEDED = ("seasonal_naive", "smoothing")  # nothing random, nothing that threads would make faster


def model_named(name: str, seed: int = 0, num_threads: int = 1) -> DemandModel:
    """Return a model that has learned nothing yet.

    Parameters
    ----------
    name : str
        One of `MODELS`.
    seed : int
        Of models that draw at random.
    num_threads : int
        Of models that can use several; results do not depend on it.

    Raises
    ------
    ValueError
        If there is no such model.
    """
    if name not in MODELS:
        raise ValueError(f"found model '{name}', expected one of {', '.join(MODELS)}")
    module, kind = MODELS[name]
    options = {} if name in _UNSEEDED else {"seed": seed, "num_threads": num_threads}
    model: DemandModel = getattr(import_module(f"meio.demand.models.{module}"), kind)(**options)
    return model
