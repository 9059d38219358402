"""What a study found out, in memory and in its output folder."""

from __future__ import annotations

import platform
import shlex
import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.util import find_spec
from os.path import relpath
from pathlib import Path
from typing import Any

import pandas as pd

from meio.folder import FACTS
from meio.output import REPORT, SUMMARY, recorded_versions, write_report
from meio.studies.records import Record, write_whole
from meio.studies.study_folder import StudyFolder
from meio.studies.tables import DONE
from meio.summary import json_text

SHOWN = ("cost", "controllable_cost", "fill_rate", "on_time", "outbound_cost_per_unit")
"""Measures in the summary."""


@dataclass(frozen=True, eq=False)
class StudyResult:
    """What a study found out.

    Attributes
    ----------
    name, description : str
        As the study says.
    currency : str
    frame : data frame
        Measures of every variant and policy with paired differences from the base; `meio.studies.tables.results_frame`
        has the columns.
    variants : data frame
        What became of every variant: `meio.studies.tables.variants_frame`.
    replications : data frame
        Every measure in every replication: `meio.studies.tables.replications_frame`.
    """

    name: str
    description: str
    currency: str
    frame: pd.DataFrame = field(repr=False)
    variants: pd.DataFrame = field(repr=False)
    replications: pd.DataFrame = field(repr=False)

    @property
    def complete(self) -> bool:
        """Whether every variant was run."""
        return bool((self.variants["status"] == DONE).all())

    @property
    def errors(self) -> dict[str, str]:
        """Why variants failed, by name."""
        wrong = self.variants[self.variants["error"] != ""]
        return dict(zip(wrong["variant"], wrong["error"], strict=True))

    def table(self, measure: str = "cost") -> pd.DataFrame:
        """One measure of every variant and policy, with what it differs by from the base."""
        rows = self.frame[self.frame["measure"] == measure]
        return rows.drop(columns=["measure"]).set_index(["variant", "policy"])

    def summary(self) -> dict[str, Any]:
        """The figures that fit on one screen, ready for JSON."""
        return {
            "study": {"name": self.name, "description": self.description, "currency": self.currency},
            "variants": {str(name): self._variant(rows) for name, rows in self.variants.groupby("variant", sort=False)},
        }

    def _variant(self, rows: pd.DataFrame) -> dict[str, Any]:
        first = rows.iloc[0]
        own = self.frame[(self.frame["variant"] == first["variant"]) & self.frame["measure"].isin(SHOWN)]
        return {
            "status": first["status"],
            "error": first["error"] or None,
            "planned": first["planned"] or None,
            "replications": int(first["replications"]),
            "policies": {
                str(policy): {row["measure"]: _figures(row) for row in part.to_dict("records")}
                for policy, part in own.groupby("policy", sort=False)
            },
        }


def _figures(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "mean": row["mean"],
        "ci95": [row["ci_low"], row["ci_high"]],
        "difference": row["difference"],
        "difference_ci95": [row["difference_low"], row["difference_high"]],
        "unit": row["unit"],
        "against": row["against"] or None,
    }


def write_result(
    place: StudyFolder, result: StudyResult, records: list[Record], base: Path, scenario: dict[str, Any]
) -> None:
    """Write a study's tables and summary; they depend on nothing but what was asked."""
    folder = place.folder
    frames = {"variants": result.variants, "results": result.frame, "replications": result.replications}
    for name, frame in frames.items():
        draft = folder / f"{name}.parquet.new"
        frame.to_parquet(draft, index=False)
        draft.replace(folder / f"{name}.parquet")
    write_whole(folder / "results.csv", result.frame.to_csv(index=False, lineterminator="\n"))
    write_whole(folder / SUMMARY, json_text(result.summary()) + "\n")
    facts = {
        "kind": "study",
        "scenario": {"path": relpath(base.resolve(), folder.resolve()), **scenario},
        "currency": result.currency,
        "complete": result.complete,
        "versions": recorded_versions(),
        "machine": platform.machine(),
        "command": shlex.join([Path(sys.argv[0]).name, *sys.argv[1:]]),
        "finished": datetime.now(UTC).isoformat(timespec="seconds"),
        "timings": {record.variant: record.seconds for record in records if record.error is None},
        "files": sorted({*place.files(), REPORT}),
    }
    write_whole(folder / FACTS, json_text(facts) + "\n")
    if find_spec("plotly") is not None:
        write_report(folder)
