"""Lines through what was measured, and what they come to for a catalogue that nobody has planned."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

FAR = 100_000_000
HOURS = (1.0, 8.0, 24.0)
PRODUCTS_PER_BLOCK = 5_000
SMALLEST = 1e-9
Rows = Sequence[dict[str, Any]]


class Line(NamedTuple):
    """A figure = start + rate × products, weighted so that relative errors count alike."""

    start: float
    rate: float
    standard_error: float | None
    """Of the rate; None: fewer than three sizes."""
    exponent: float
    """Slope of the logarithm of the figure on that of products, least squares over all sizes."""
    last_exponent: float
    """The same between the two largest sizes, where the start counts least."""
    farthest: float
    """Largest distance of a size from the line, relative."""

    def at(self, products: float) -> tuple[float, float, float]:
        """What it comes to, and from where to where: two standard errors, and growth as between the last two sizes."""
        middle = self.start + self.rate * products
        half = 2.0 * (self.standard_error or self.farthest * self.rate) * products
        return middle, max(middle - half, 0.0), middle + half


def line(rows: Rows, name: str) -> Line | None:
    """Fit a figure; None: one size."""
    if len(rows) < 2:
        return None
    size, value = (np.array([row[key] for row in rows], dtype=float) for key in ("products", name))
    value = np.maximum(value, SMALLEST)
    design = np.column_stack([np.ones_like(size), size]) / size[:, None]
    (start, rate), *_ = np.linalg.lstsq(design, value / size, rcond=None)
    left = value / size - design @ (start, rate)
    error = None
    if len(rows) > 2:
        variance = left @ left / (len(rows) - 2)
        error = float(np.sqrt(variance * np.linalg.inv(design.T @ design)[1, 1]))
    logs = np.log(size), np.log(value)
    return Line(
        start=float(start),
        rate=float(rate),
        standard_error=error,
        exponent=float(np.polyfit(*logs, 1)[0]),
        last_exponent=float(np.diff(logs[1])[-1] / np.diff(logs[0])[-1]),
        farthest=float(np.abs(left * size / value).max()),
    )


class Reckoned(NamedTuple):
    """A plan of `FAR` products within some hours."""

    hours: float
    cores: float | None
    """None: the run's own process takes longer, however many workers there are."""
    money: float | None


def reckoned(rows: Rows, price: float) -> list[Reckoned]:
    """Cores and money by hours; the run's own process works before and between its workers, so its time comes first."""
    whole, own = line(rows, "cpu_seconds"), line(rows, "run_cpu_seconds")
    if whole is None or own is None:
        return []
    alone = own.at(FAR)[0]
    spread = max(whole.at(FAR)[0] - alone, 0.0)
    found = []
    for hours in HOURS:
        left = 3600.0 * hours - alone
        cores = float(np.ceil(spread / left)) if left > 0.0 else None
        found.append(Reckoned(hours, cores, None if cores is None else (cores + 1) * hours * price))
    return found


def of_many_blocks(figures: dict[str, Any], num_blocks: float) -> dict[str, float]:
    """What so many blocks come to: bytes on the wire by task; seconds and memory of the run itself."""
    sent = {
        f"{task}_bytes": num_blocks
        * (figures["sent_fixed"][task] + num_blocks * each + figures["returned"].get(task, 0.0))
        for task, each in figures["sent_per_block"].items()
    }
    records = num_blocks * figures["record_seconds"] + num_blocks**2 / 2 * figures["record_seconds_per_record"]
    return {
        **sent,
        "checkpoint_seconds": records,
        "sample_read_seconds": num_blocks * figures["sample_seconds"],
        "sample_memory_mb": num_blocks * figures["sample_mb"],
    }
