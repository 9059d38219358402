"""A study's results as tidy tables."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import nan
from typing import Any

import numpy as np
import pandas as pd

from meio.studies.expansion import Variant
from meio.studies.measures import Measure
from meio.studies.model import BASE
from meio.studies.records import Record

RESULT_COLUMNS = (
    "variant",
    "policy",
    "measure",
    "mean",
    "ci_low",
    "ci_high",
    "difference",
    "difference_low",
    "difference_high",
    "unit",
    "against",
)
DONE, FAILED, OPEN = "done", "failed", "open"


def results_frame(records: Sequence[Record]) -> pd.DataFrame:
    """Measures of every variant and policy, and how they differ from the base's.

    Returns
    -------
    DataFrame
        One row a variant, policy and measure: ``mean`` with its 95% interval, ``difference`` from ``against`` (variant
        and policy) with its 95% interval, paired replication by replication. A variant is compared with the base under
        the same policy; the base under a further policy with the base under the first; its own first has no
        difference (NaN).
    """
    done = [record for record in records if record.error is None]
    base = next((record for record in done if record.variant == BASE), None)
    rows = [row for record in done for row in _rows(record, base)]
    frame = pd.DataFrame(rows, columns=list(RESULT_COLUMNS))
    text = ("variant", "policy", "measure", "unit", "against")
    return frame.astype({name: "str" if name in text else "float64" for name in RESULT_COLUMNS})


def _rows(record: Record, base: Record | None) -> Iterator[tuple[Any, ...]]:
    first = next(iter(record.systems))
    for policy, measures in record.systems.items():
        rival = first if record.variant == BASE else policy
        alone = base is None or (record.variant == BASE and policy == first)
        others = {} if alone or base is None else {one.name: one for one in base.systems[rival]}
        for measure in measures:
            other = others.get(measure.name)
            difference = (nan, nan, nan) if other is None else measure.difference(other)
            against = "" if other is None else f"{BASE}/{rival}"
            own = (record.variant, policy, measure.name, *measure.estimate())
            yield (*own, *difference, measure.unit, against)


def replications_frame(records: Sequence[Record]) -> pd.DataFrame:
    """Value of every measure in every replication, numbered from 1: variant, policy, replication, measure, value."""
    parts = [
        _values(record.variant, policy, measure)
        for record in records
        for policy, measures in record.systems.items()
        for measure in measures
    ]
    empty = pd.DataFrame(columns=["variant", "policy", "replication", "measure", "value"])
    return pd.concat(parts, ignore_index=True) if parts else empty


def _values(variant: str, policy: str, measure: Measure) -> pd.DataFrame:
    count = len(measure.part)
    return pd.DataFrame(
        {
            "variant": variant,
            "policy": policy,
            "replication": np.arange(1, count + 1),
            "measure": measure.name,
            "value": measure.ratios,
        }
    )


def variants_frame(variants: Sequence[Variant], records: Sequence[Record], policies: Sequence[str]) -> pd.DataFrame:
    """What became of every variant under every policy.

    Returns
    -------
    DataFrame
        ``variant``, ``policy``, ``status`` (done, failed, or open: not yet run), ``error``, ``replications``,
        ``planned`` (anew, base, or unchanged: its plan is the base's own), ``planned_cost``, ``lower_bound``,
        ``dual_gap``, ``iterations``; then a column for each path or axis that varies, empty where the base's value
        stands.
    """
    found = {record.variant: record for record in records}
    axes = list(dict.fromkeys(axis for variant in variants for axis in variant.varied))
    rows = [_variant_row(variant, policy, found.get(variant.name), axes) for variant in variants for policy in policies]
    return pd.DataFrame(rows).astype({"error": "str", "planned": "str"} | dict.fromkeys(axes, "str"))


def _variant_row(variant: Variant, policy: str, record: Record | None, axes: Sequence[str]) -> dict[str, Any]:
    plan = record.plan if record else {}
    status = OPEN if record is None else DONE if record.error is None else FAILED
    figures = {name: plan.get(name, nan) for name in ("planned_cost", "lower_bound", "dual_gap", "iterations")}
    return {
        "variant": variant.name,
        "policy": policy,
        "status": status,
        "error": (record.error or "") if record else "",
        "replications": record.replications if record else 0,
        "planned": plan.get("planned", ""),
        **{name: float(value) for name, value in figures.items()},
        **{axis: "" if axis not in variant.varied else str(variant.varied[axis]) for axis in axes},
    }
