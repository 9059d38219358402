"""The report of a study: what each variant changes, against the same base on the same random numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from meio.report.page import Picture, Section, folded, page, pictures, table
from meio.report.run_facts import run_section
from meio.report.variants import against_base, amount, cost_parts, differences, measure_rows
from meio.wording import label

# What is drawn, by measure: name of the section, and what better means.
DRAWN = {
    "cost": ("Total cost", "Left of the line: cheaper than the base."),
    "fill_rate": ("Fill rate", "Share of the units ordered that were filled. Right of the line: better than the base."),
    "on_time": ("On time", "Share of the units ordered that arrived within the promise. Right of the line: better."),
    "outbound_cost_per_unit": ("Outbound cost", "Customer shipping per unit. Left of the line: cheaper than the base."),
}
KNOWN = ("variant", "policy", "status", "error", "replications")
PLANNED = ("planned", "planned_cost", "lower_bound", "dual_gap", "iterations")
READING = (
    "The line through a mark is its 95% interval, paired on the same orders; where it crosses zero, it may be chance."
)


def study_html(summary: Mapping[str, Any], facts: Mapping[str, Any], tables: Mapping[str, pd.DataFrame]) -> str:
    """Return the comparison of a study's variants as one page of HTML.

    Parameters
    ----------
    summary, facts : mapping
        As in ``summary.json``, which names the study, and ``run.json``.
    tables : mapping of str to DataFrame
        ``variants`` (variant, policy, status, error, and one column a varied path) and ``results`` (variant, policy,
        measure, unit, mean, ci_low, ci_high, difference, difference_low and difference_high against the base).
    """
    variants, results = tables["variants"], tables["results"]
    sections = [*_failures(variants), *_compared(results), *_parts(results), _asked(variants), *_rest(results)]
    name, made_by = str(summary["study"]["name"]), f"Made by meio {facts['versions']['meio']}."
    return page(name, _lead(variants), [*sections, run_section(facts)], made_by)


def _lead(variants: pd.DataFrame) -> str:
    num_variants, num_policies = variants["variant"].nunique(), variants["policy"].nunique()
    text = f"{num_variants} variants under {num_policies} {'policy' if num_policies == 1 else 'policies'}"
    for status, told in (("failed", "failed"), ("open", "not yet run")):
        count = variants.loc[variants["status"] == status, "variant"].nunique()
        text += f"; {count} {told}" if count else ""
    text += ". All met the same random orders."
    if num_policies == 1:
        return f"{text} Each is compared with the base."
    return f"{text} Each is compared with the base under the same policy, and the base with itself under the first."


def _failures(variants: pd.DataFrame) -> Iterator[Section]:
    failed = variants[variants["status"] == "failed"].drop_duplicates(["variant", "error"])
    if len(failed):
        rows = [[str(row["variant"]), str(row["error"])] for row in failed.to_dict("records")]
        yield Section(
            "Failed", "These variants have no results.", table([["variant", "what went wrong"], *rows], "facts")
        )


def _compared(results: pd.DataFrame) -> Iterator[Section]:
    for measure, (heading, note) in DRAWN.items():
        rows = differences(results, measure)
        if len(rows):
            drawing = against_base(results, measure)
            picture = Picture(measure, _finding(rows, measure), drawing, measure_rows(results, measure))
            yield Section(heading, f"{note} {READING}", pictures([picture]))


def _finding(rows: pd.DataFrame, measure: str) -> str:
    """Say which variant moves a measure most, if any does for sure."""
    sure = rows[(rows["difference_low"] > 0) | (rows["difference_high"] < 0)]
    if sure.empty:
        return f"No variant changes {label(measure)} beyond chance"
    most = sure.sort_values("difference", key=abs, ascending=False, kind="stable").to_dict("records")[0]
    change = amount(most["difference"], most["unit"])
    return f"{most['variant']}, {label(most['policy'])}, changes {label(measure)} most: {change}"


def _parts(results: pd.DataFrame) -> Iterator[Section]:
    kinds = results["measure"].str.startswith("cost:") & results["difference"].notna()
    if not kinds.any():
        return
    policies = results.loc[kinds, "policy"].unique()
    drawn = [
        Picture(f"cost-parts-{policy}", f"What changes in cost, {label(policy)}", cost_parts(results, policy), [])
        for policy in policies
    ]
    yield Section(
        "Cost by kind",
        "Which kinds of cost grow (right) and shrink (left) against the base; goods are purchases less the stock "
        "gained. The numbers stand under All measures.",
        pictures(drawn),
    )


def _asked(variants: pd.DataFrame) -> Section:
    paths = [column for column in variants.columns if column not in (*KNOWN, *PLANNED)]
    shown = variants.drop_duplicates("variant")
    rows = [
        [str(row["variant"]), *("–" if row[path] in ("", None) else str(row[path]) for path in paths)]
        for row in shown.to_dict("records")
    ]
    return Section(
        "Variants",
        "What each one changes in the base; a dash: as the base has it.",
        table([["variant", *paths], *rows]),
    )


def _rest(results: pd.DataFrame) -> Iterator[Section]:
    """Yield every measure as a table."""
    rows: list[list[str]] = [["measure", "variant", "policy", "value", "against the base"]]
    for measure in results["measure"].unique():
        _, *body = measure_rows(results, measure)
        unit = results.loc[results["measure"] == measure, "unit"].iloc[0]
        name = f"{label(str(measure))}{'' if unit == 'share' else f', {unit}'}"
        rows += [[name, *row] for row in body]
    yield Section("All measures", "", folded(f"{len(rows) - 1} rows", table(rows)))
