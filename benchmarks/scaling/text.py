"""The measured part of docs/scale.md."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from scaling.model import FAR, PRODUCTS_PER_BLOCK, Rows, line, of_many_blocks, reckoned

PERIODS = 13
UNITS = ("B", "kB", "MB", "GB", "TB", "PB")
MEASURED = {
    "seconds": ("wall seconds", 1.0),
    "cpu_seconds": ("CPU seconds", 1.0),
    "run_cpu_seconds": ("of these, the run itself", 1.0),
    "open_cpu_seconds": ("CPU seconds to open", 1.0),
    "memory_gb": ("memory, all processes, GB", 1.0),
    "run_memory_gb": ("the run itself, GB", 1.0),
    "open_memory_mb": ("of the opened catalogue, MB", 1.0),
    "worker_memory_gb": ("a worker, GB", 1.0),
    "catalogue_mb": ("catalogue, MB", 1.0),
    "written_mb": ("written, MB", 1.0),
    "rounds_mb": ("checkpoint, MB", 1.0),
    "dual_gap": ("dual gap, %", 100.0),
    "over_capacity": ("over capacity, %", 100.0),
    "bound_share": ("certified bound, % of planned cost", 100.0),
}
RATES = {
    "cpu_seconds": ("CPU time, all processes", 1e6, "µs"),
    "run_cpu_seconds": ("CPU time, the run itself", 1e6, "µs"),
    "catalogue_mb": ("catalogue on disk", 1e6, "bytes"),
    "written_mb": ("tables written", 1e6, "bytes"),
    "open_memory_mb": ("memory of the opened catalogue", 1e6, "bytes"),
}


def section(record: dict[str, Any], price: float) -> str:
    """Tables of what was measured and what it comes to."""
    rows, cells = record["sizes"], record["nodes"] * PERIODS
    head = (
        f"Measured on {record['processor']}, {record['cores']} cores, meio {record['meio']}, {record['date']}: "
        f"{record['nodes']} nodes, {record['zones']} zones, 3 speeds, {PERIODS} weeks, executor `{record['executor']}`"
        f", seed {record['seed']}."
    )
    parts = [head, *sizes_table(rows), bars(record)]
    if len(rows) > 1:
        parts += [*rates_table(rows, cells), *far_table(rows, price)]
    if record["block"]:
        parts += blocks_table(record["block"], rows)
    return "\n".join(parts) + "\n"


def sizes_table(rows: Rows) -> list[str]:
    """A column a size."""
    heads = ["", *(f"{row['products']:,} products" for row in rows)]
    body = [[label, *(short(factor * row[name]) for row in rows)] for name, (label, factor) in MEASURED.items()]
    return ["", *table(heads, body), ""]


def bars(record: dict[str, Any]) -> str:
    """Which hold, and growth."""
    missed = [name for name, holds in record["passed"].items() if not holds]
    told = f"Bars missed: {', '.join(missed)}." if missed else "All bars hold."
    grown = record["growth"]
    if grown is None:
        return told
    return (
        f"CPU seconds grow with products to the power {grown['exponent']:.3f} over all sizes, "
        f"{grown['last_exponent']:.3f} between the two largest. {told}"
    )


def rates_table(rows: Rows, cells: int) -> list[str]:
    """What a product, and a product at a node in a period, takes."""
    body = []
    for name, (label, scale, unit) in RATES.items():
        fit = line(rows, name)
        if fit is not None:
            each = scale * fit.rate
            ratios = [scale * row[name] / row["products"] for row in rows]
            error = "–" if fit.standard_error is None else f"{scale * fit.standard_error / cells:.2g}"
            span = f"{min(ratios) / cells:.3g} to {max(ratios) / cells:.3g}"
            body.append([f"{label}, {unit}", short(each), short(each / cells), error, span])
    heads = ["", "a product", "a product × node × period", "standard error", "size by size, start included"]
    return ["", *table(heads, body), ""]


def far_table(rows: Rows, price: float) -> list[str]:
    """What the lines come to."""
    body = []
    for name, label, told in (
        ("cpu_seconds", "core-hours, all", lambda value: f"{value / 3600.0:,.0f}"),
        ("run_cpu_seconds", "hours of the run itself, on one core", lambda value: f"{value / 3600.0:,.1f}"),
        ("catalogue_mb", "catalogue", lambda value: in_bytes(1e6 * value)),
        ("written_mb", "tables written", lambda value: in_bytes(1e6 * value)),
        ("run_memory_gb", "memory of the run itself", lambda value: in_bytes(1e9 * value)),
    ):
        body.append([label, *spanned(rows, name, told)])
    worker = max(row["worker_memory_gb"] for row in rows)
    body.append(["memory of a worker (largest seen; set by the block)", f"{worker:.2g} GB", ""])
    for one in reckoned(rows, price):
        if one.cores is None or one.money is None:
            body.append([f"plan in {one.hours:g} h", "not by this line: the run itself takes longer", ""])
        else:
            cost = f"{one.cores:,.0f} cores, {one.money:,.0f} (assumed: {price:g} a core-hour)"
            body.append([f"plan in {one.hours:g} h", cost, ""])
    share = FAR / rows[-1]["products"]
    heads = [f"{FAR:,} products, {share:,.0f} times the largest measured", "by the line", "range"]
    return ["", *table(heads, body), ""]


def spanned(rows: Rows, name: str, told: Callable[[float], str]) -> list[str]:
    """A figure and its range."""
    fit = line(rows, name)
    if fit is None:
        return ["", ""]
    middle, low, high = fit.at(FAR)
    return [told(middle), f"{told(low)} to {told(high)}"]


def blocks_table(block: dict[str, Any], rows: Rows) -> list[str]:
    """What so many blocks come to, at the largest size measured and far beyond it."""
    sizes = [rows[-1]["products"], FAR]
    found = [of_many_blocks(block, size / PRODUCTS_PER_BLOCK) for size in sizes]
    body = [
        [label, *(told(one[name]) for one in found)]
        for name, label, told in (
            ("mix_block_bytes", "network, a round over all products", in_bytes),
            ("answer_and_bound_bytes", "network, the bound", in_bytes),
            ("settle_block_bytes", "network, settling", in_bytes),
            ("sample_read_seconds", "the run itself reads all blocks for its sample, CPU", in_time),
            ("sample_memory_mb", "memory of that sample, one product a block", lambda value: in_bytes(1e6 * value)),
            ("checkpoint_seconds", "the checkpoint of settled blocks, one by one", in_time),
        )
    ]
    heads = ["by blocks of 5,000", *(f"{size / PRODUCTS_PER_BLOCK:,.0f} blocks" for size in sizes)]
    return ["", *table(heads, body), ""]


def short(value: float) -> str:
    """Three figures, all of those before the point."""
    return f"{value:,.0f}" if abs(value) >= 1000.0 else f"{value:.3g}"


def in_bytes(value: float) -> str:
    """For people."""
    place = 0
    while value >= 1000.0 and place < len(UNITS) - 1:
        value, place = value / 1000.0, place + 1
    return f"{value:.3g} {UNITS[place]}"


def in_time(value: float) -> str:
    """For people."""
    return f"{value:.3g} s" if value < 600.0 else f"{value / 3600.0:.3g} h"


def table(heads: Sequence[str], body: Sequence[Sequence[str]]) -> list[str]:
    """Lines of a Markdown table."""
    return ["| " + " | ".join(cells) + " |" for cells in (heads, ["---"] * len(heads), *body)]
