"""Figures as text: units, intervals, missing values, alignment."""

from __future__ import annotations

import pytest
from sample_report import sample_summary

from meio.wording import comparison, number, percent, size, summary_text, with_interval


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (number(1234567.8), "1,234,568"),
        (number(5.125, 2), "5.12"),
        (number(None), "–"),
        (percent(0.0398), "4.0%"),
        (percent(None), "–"),
        (with_interval({"mean": 10.2, "ci95": [-1.0, 21.4]}), "10 [-1, 21]"),
        (with_interval({"mean": 10.2, "ci95": [None, None]}), "10 [–, –]"),
        (with_interval({"mean": float("nan"), "ci95": [0.5, 1.0]}, percent), "– [50.0%, 100.0%]"),
        (size({"products": 1000, "nodes": 1, "zones": 2, "speeds": 1, "periods": 13}),
         "1,000 products, 1 node, 2 zones, 1 speed, 13 periods"),
    ],
)  # fmt: skip
def test_figures_as_text(text: str, expected: str):
    assert text == expected


def test_comparison_has_a_column_a_system():
    rows = comparison(sample_summary(), "EUR")
    assert rows[0] == ["", "plan", "independent newsvendor", "national pool"]
    assert rows[2] == ["saved by the plan, EUR", "", *["92,655 [90,100, 95,210]"] * 2]
    assert {len(row) for row in rows} == {4}


def test_comparison_without_baselines():
    rows = comparison({**sample_summary(), "baselines": {}}, "EUR")
    assert [row[0] for row in rows][:3] == ["", "total cost, EUR", "outbound cost per unit, EUR"]


def test_text_of_a_plan_alone():
    text = summary_text({**sample_summary(), "simulation": None}, "USD")
    assert text.splitlines() == [
        "sample: 1,000 products, 6 nodes, 4 zones, 3 speeds, 13 periods",
        "planned cost     801,000 USD",
        "lower bound      780,000 USD, up to sampling error",
        "dual gap         0.080% after 23 iterations, 12.3 s",
        "capacity prices  17 above zero",
        "over capacity    0.40% at most",
    ]


def test_precision_and_start_up_are_told_when_there_is_something_to_tell():
    summary = sample_summary()
    assert not any(word in summary_text(summary, "USD") for word in ("precision", "starting up"))
    precision = {"asked": 0.01, "found": 0.0123, "reached": False}
    summary["simulation"] |= {"precision": precision, "warm_up_days": 14, "warm_up_days_suggested": 7}
    lines = summary_text(summary, "USD").splitlines()
    assert "precision        total cost ± 1.23%, 1.00% asked for, not reached" in lines
    told = "the first 7 days hold other stock than later ones; set horizon.warm_up_days: 21 and plan again"
    assert f"starting up      {told}" in lines
    summary["simulation"]["precision"] = {"asked": 0.01, "found": 0.0099, "reached": True}
    assert "precision        total cost ± 0.99%, 1.00% asked for" in summary_text(summary, "USD").splitlines()


def test_columns_are_aligned():
    table = summary_text(sample_summary(), "USD").split("\n\n")[1].splitlines()
    ends = [line.rstrip().endswith(("pool", "]")) and len(line.rstrip()) for line in table]
    assert len(set(ends)) == 1


def test_replans_on_the_way_are_told():
    loop = {"replans": 12, "seconds_mean": 0.114, "targets_moved_mean": 0.052, "demand_level_last": 1.4}
    text = summary_text({**sample_summary(), "closed_loop": loop}, "EUR")
    assert "closed loop      12 replans a replication, 0.11 s each" in text
    assert "targets moved 5.2% a replan; demand at last 140.0% of the first forecast" in text
