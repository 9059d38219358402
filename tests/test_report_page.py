"""The page stands alone: it fetches nothing, runs nothing that came from data, and says what the run found."""

from __future__ import annotations

import json
from html.parser import HTMLParser

import plotly.offline
import pytest
from sample_report import sample_facts, sample_summary, sample_tables

from meio.report.contents import report_html


class Elements(HTMLParser):
    """Start tags with their attributes, and the text of headings."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.headings: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if self.tags and self.tags[-1][0] in ("h1", "h2"):
            self.headings.append(data.strip())


@pytest.fixture(scope="module")
def page() -> str:
    return report_html(sample_summary(), sample_facts(), sample_tables())


def test_page_refers_to_nothing_outside(page: str):
    referring = {"src", "href", "srcset", "data", "action"}
    assert [tag for tag, attributes in Elements(page).tags if referring & attributes.keys()] == []
    own = page.replace(plotly.offline.get_plotlyjs(), "")
    assert not any(text in own for text in ("http:", "https:", "@import", "url("))


def test_page_forbids_fetching(page: str):
    policy = next(a["content"] for tag, a in Elements(page).tags if tag == "meta" and "http-equiv" in a)
    assert policy.startswith("default-src 'none';")


def test_plotly_stands_in_it_once(page: str):
    assert page.count(plotly.offline.get_plotlyjs()) == 1


def test_sections_in_order(page: str):
    headings = [heading for heading in Elements(page).headings if heading]
    assert headings == [
        *("sample", "At a glance", "Plan against baselines", "Cost by kind", "Service by speed"),
        *("Shipping", "Network"),
        *("Capacity prices", "Use against capacity", "Lower bound", "Convergence", "Run"),
    ]


def test_plan_without_simulation_shows_the_plan():
    summary = {**sample_summary(), "simulation": None, "baselines": {}}
    page = report_html(summary, {**sample_facts(), "seed": None}, sample_tables())
    assert "Planned, not yet simulated." in page
    assert "Cost by kind" not in page


def test_no_binding_capacity_is_said():
    tables = sample_tables()
    tables["prices"] = tables["prices"].assign(price=0.0)
    assert "No capacity binds: every price is zero." in report_html(sample_summary(), sample_facts(), tables)


def test_the_bound_shows_both_gaps_or_why_there_is_none(page: str):
    assert "up to sampling error; gap 4.0%, of controllable cost 34.1%" in page
    assert "opening stock is what the scenario gives" in page
    summary = sample_summary()
    summary["plan"] |= {"bound_kind": "none", "lower_bound": None, "bound_conditions": ["not claimed: because"]}
    summary["gap"] = {"total": None, "controllable": None}
    without = report_html(summary, sample_facts(), sample_tables())
    assert "not claimed: because" in without
    assert "gap 4.0%" not in without


def test_names_are_text_not_markup():
    summary = json.loads(json.dumps(sample_summary()).replace('"sample"', '"<script>alert(1)</script>"'))
    tables = sample_tables()
    tables["network/nodes"] = tables["network/nodes"].replace("manhattan", "</script><b>manhattan")
    tables["network/lanes"] = tables["network/lanes"].replace("manhattan", "</script><b>manhattan")
    page = report_html(summary, sample_facts(), tables)
    assert "<script>alert" not in page
    assert "</script><b>manhattan" not in page
