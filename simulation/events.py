"""Names of the events a simulation can record."""

from __future__ import annotations

# Log.kind, the places of EVENTS
(
    ORDERED,
    SHIPPED,
    SHIPPED_LATE,
    OWED,
    SHIPPED_OWED,
    LOST,
    REPLENISHMENT,
    DEPARTED,
    ARRIVED,
    STORED,
) = range(10)
EVENTS = (
    "ordered",
    "shipped",
    "shipped_late",
    "owed",
    "shipped_owed",
    "lost",
    "replenishment",
    "departed",
    "arrived",
    "stored",
)
