"""The report of forecasts: what models lost, whether their probabilities hold, which model serves which group."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd

from meio.demand.score_table import pooled
from meio.report.forecast_figures import (
    bias,
    bias_bars,
    coverage_dots,
    loss_bars,
    reliability,
    reliability_rows,
    span_name,
)
from meio.report.page import Picture, Rows, Section, folded, key_figures, page, pictures, table
from meio.report.run_facts import run_section
from meio.wording import label, number, percent

COUNTS = (
    "A whole number y of units counts as spread evenly between y − ½ and y + ½, so that probabilities of slow movers, "
    "whose demand is often zero, can be checked too; an interval of whole units covers more than its name says."
)


def forecast_html(
    title: str, scores: pd.DataFrame, facts: Mapping[str, Any], choice: pd.DataFrame | None = None
) -> str:
    """Return the report of rolling forecasts as one page of HTML.

    Parameters
    ----------
    title : str
        Of the page.
    scores : DataFrame
        As `meio.demand.score_table.score_table` returns it, of every model, before and after calibration; the simplest
        model first: others are compared with it.
    facts : mapping
        As in ``run.json``; ``currency`` (empty: not known) and ``versions`` are needed.
    choice : DataFrame, optional
        As `meio.demand.choice.choose` returns it.
    """
    currency = facts["currency"] or "money"
    after = _after(scores)
    sections = [
        Section("At a glance", "", _glance(after, currency)),
        _losses(scores, currency),
        *_reliability(after),
        *_coverage(scores, _best(after)),
        _bias(after),
        *([] if choice is None else [_choice(choice, currency)]),
        run_section(facts),
    ]
    return page(title, _lead(scores), sections, f"Made by meio {facts['versions']['meio']}.")


def _after(scores: pd.DataFrame) -> pd.DataFrame:
    """Only what was calibrated, or all if nothing was."""
    return scores[scores["calibrated"]] if scores["calibrated"].any() else scores


def _best(after: pd.DataFrame) -> str:
    means = pooled(after, ["model"]).sort_values("money_loss", kind="stable")
    return str(means["model"].iloc[0])


def _lead(scores: pd.DataFrame) -> str:
    first = pooled(scores, ["model", "calibrated"]).iloc[0]
    models, spans = scores["model"].nunique(), len(scores[["first", "last"]].drop_duplicates())
    models -= "chosen" in set(scores["model"])  # the best of each group, no model of its own
    return (
        f"{models} model{'s' * (models != 1)}, {spans} span{'s' * (spans != 1)} ahead: each forecast was made from "
        f"what was known at the time and is compared with {int(first['outcomes']):,} outcomes that came later."
    )


def _glance(after: pd.DataFrame, currency: str) -> str:
    means = {row["model"]: row for row in pooled(after, ["model"]).to_dict("records")}
    best, (simplest, simple) = means[_best(after)], next(iter(means.items()))
    saved = 1 - best["money_loss"] / simple["money_loss"] if simple["money_loss"] > 0 else math.nan
    name = label(_best(after))
    return key_figures(
        [
            ("least quantile loss", name, f"{number(best['money_loss'], 2)} {currency} a forecast"),
            (f"less than {label(simplest)}", percent(saved), "weighted by money"),
            ("80% interval covers", percent(best["covered_80%"]), name),
            ("95% interval covers", percent(best["covered_95%"]), name),
            ("bias", percent(bias(best)), f"of mean demand, {name}"),
        ]
    )


def _losses(scores: pd.DataFrame, currency: str) -> Section:
    shown = [
        Picture(f"loss-{measure}", title, loss_bars(scores, measure, unit), [])
        for measure, title, unit in (
            ("money_loss", "Quantile loss weighted by money", currency),
            ("quantile_loss", "Quantile loss in units", "units"),
        )
    ]
    note = (
        "What a forecast loses on average: p for each unit that demand is above its quantile of probability p, 1 − p "
        "for each that it is below, the mean over all probabilities of the forecast. CRPS is twice "
        "the mean over all probabilities there are."
    )
    numbers = folded("The numbers as a table", table(_loss_rows(scores, currency)))
    return Section("Loss by model and group", note, pictures(shown, "pairs") + numbers)


def _loss_rows(scores: pd.DataFrame, currency: str) -> Rows:
    heading = ["group, model", f"weighted by money, {currency}", "quantile loss, units", "CRPS, units", "outcomes"]
    return [
        heading,
        *(
            [
                f"{label(row['group'])}, {label(row['model'])}, {'calibrated' if row['calibrated'] else 'as forecast'}",
                *(number(row[name], 3) for name in ("money_loss", "quantile_loss", "crps")),
                f"{row['outcomes']:,.0f}",
            ]
            for row in pooled(scores, ["group", "model", "calibrated"]).to_dict("records")
        ),
    ]


def _reliability(after: pd.DataFrame) -> Iterator[Section]:
    drawn = [
        Picture(f"reliability-{rank}", label(str(group)).capitalize(), reliability(own), reliability_rows(own))
        for rank, (group, own) in enumerate(after.groupby("group", sort=False), start=1)
    ]
    note = f"On the line, demand is below a quantile as often as the forecast says. {COUNTS}"
    yield Section("Reliability", note, pictures(drawn, "pairs"))


def _coverage(scores: pd.DataFrame, best: str) -> Iterator[Section]:
    rows = [["model", "group", "span", "80% interval", "95% interval", "80%, whole units", "95%, whole units"]]
    by = ["model", "group", "first", "last", "period_days"]
    for row in pooled(_after(scores), by).to_dict("records"):
        shares = (percent(row[name]) for name in ("covered_80%", "covered_95%", "inside_80%", "inside_95%"))
        rows.append([label(row["model"]), label(row["group"]), span_name(row), *shares])
    title = f"{label(best).capitalize()}: demand inside its intervals"
    picture = Picture("coverage", title, coverage_dots(scores[scores["model"] == best]), [])
    yield Section(
        "Coverage by group and horizon",
        "The lines are what the intervals promise; open marks are the model's own, filled ones after calibration, "
        "which at each origin knew only what had come out by then. The table has every model.",
        pictures([picture]) + folded("The numbers as a table", table(rows)),
    )


def _bias(after: pd.DataFrame) -> Section:
    rows = [["model", "group", "span", "mean demand, units", "mean forecast, units", "bias"]]
    for row in pooled(after, ["model", "group", "first", "last", "period_days"]).to_dict("records"):
        means = (number(row[name], 2) for name in ("mean_demand", "mean_forecast"))
        rows.append([label(row["model"]), label(row["group"]), span_name(row), *means, percent(bias(row))])
    picture = Picture("bias", "Mean forecast against mean demand", bias_bars(after), [])
    return Section(
        "Bias",
        "A mean forecast leaves out what lies beyond the last quantile, so that it is a little low where demand has a "
        "long tail.",
        pictures([picture]) + folded("The numbers as a table", table(rows)),
    )


def _choice(choice: pd.DataFrame, currency: str) -> Section:
    rows = [["group", "model", f"quantile loss, {currency}", f"cost of its stock, {currency}", "best by"]]
    for row in choice.to_dict("records"):
        best = [name for name, column in (("loss", "best_by_loss"), ("cost", "best_by_cost")) if row[column]]
        figures = [number(row["money_loss"], 2), number(row["cost"])]
        rows.append([label(row["group"]), label(row["model"]), *figures, " and ".join(best) or "–"])
    note = "The best by cost serves a group where costs are known, else the best by loss."
    return Section("Model of each group", note, table(rows))
