"""Which tables of an output folder the report draws from; larger ones are never read for it."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

Tables = Mapping[str, pd.DataFrame]
"""By their path in the output folder without the ending: ``prices``, ``measures/cost``…"""

RUN_TABLES = (
    "prices",
    "usage",
    "convergence",
    "recovery",
    "stakes",
    "reasons",
    "sensitivity",
    *(f"network/{name}" for name in ("nodes", "lanes", "zones")),
    *(f"measures/{name}" for name in ("cost", "service", "network", "bands", "shipments", "inventory", "use")),
)
STUDY_TABLES = ("variants", "results")
