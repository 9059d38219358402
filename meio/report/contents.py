"""The report of a run: which pictures and tables it shows, in which order, and what each one says."""

from __future__ import annotations

from typing import Any

from meio.report.page import page
from meio.report.plan_sections import plan_sections
from meio.report.proof_sections import proof_sections
from meio.report.run_facts import run_section
from meio.report.tables import Tables
from meio.wording import estimate_text, size


def report_html(summary: dict[str, Any], facts: dict[str, Any], tables: Tables) -> str:
    """Return the report as one page of HTML.

    Parameters
    ----------
    summary, facts : dict
        As in ``summary.json`` and ``run.json``.
    tables : mapping of str to DataFrame
        The tables of the output folder, by their path in it without the ending: ``prices``, ``measures/cost``…

    Returns
    -------
    str
        Without a simulation the page shows the plan alone.
    """
    currency, period_name = facts["currency"], "week" if facts.get("period_days") == 7 else "period"
    sections = [
        *proof_sections(summary, currency, tables, period_name),
        *plan_sections(summary, currency, tables, period_name),
        run_section(facts),
    ]
    return page(summary["scenario"]["name"], _lead(summary), sections, f"Made by meio {facts['versions']['meio']}.")


def _lead(summary: dict[str, Any]) -> str:
    extent, proof = size(summary["scenario"]), summary["simulation"]
    if proof is None:
        return f"{extent}. Planned, not yet simulated."
    if proof.get("estimate"):
        return f"{extent}. Estimated {estimate_text(proof['estimate'])}, in {proof['replications']} replications."
    return (
        f"{extent}. Proven on {proof['orders']:,} orders: {proof['replications']} replications of {proof['days']} days."
    )
