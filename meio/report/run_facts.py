"""How an output was made, as the last section of its report."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from meio.report.page import Section, table
from meio.wording import label


def run_section(facts: Mapping[str, Any]) -> Section:
    """Return the section that says how an output was made; what ``run.json`` does not hold is left out."""
    scenario = facts.get("scenario") or {}
    timings = ", ".join(f"{label(step)} {seconds:.1f} s" for step, seconds in (facts.get("timings") or {}).items())
    rows = {
        "scenario": scenario.get("path"),
        "scenario hash": scenario.get("hash"),
        "command": facts.get("command"),
        "seed": facts.get("seed"),
        "finished": facts.get("finished"),
        "timings": timings,
        "versions": ", ".join(f"{name} {version}" for name, version in facts["versions"].items()),
    }
    told = [[name, str(value)] for name, value in rows.items() if value not in (None, "")]
    return Section("Run", "", table([["fact", "value"], *told], kind="facts"))
