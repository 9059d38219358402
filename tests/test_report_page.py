"""The page stands alone: it fetches nothing, runs nothing that came from data, and says what the run found."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from pathlib import Path

import plotly.offline
import pytest
from sample_report import (
    sample_facts,
    sample_sensitivity,
    sample_study,
    sample_study_summary,
    sample_summary,
    sample_tables,
    write_sample_run,
)

from meio.output import write_report
from meio.report.contents import report_html
from meio.report.study_contents import study_html


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
    links = [attributes[name] for _, attributes in Elements(page).tags for name in referring & attributes.keys()]
    assert links
    assert [link for link in links if not link.startswith("#")] == []
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
        *("sample", "At a glance", "Plan against baselines", "Where the saving comes from", "Cost by kind"),
        *("Service by speed", "Shipping", "Inventory by layer", "Network", "Capacity prices", "Use against capacity"),
        *("Most money at stake", "Lower bound", "Convergence", "Run"),
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
    tables, evil = sample_tables(), "</script><b>manhattan"
    for name, table in tables.items():
        tables[name] = table.replace({"manhattan": evil, "newark→manhattan": f"newark→{evil}"})
    page = report_html(summary, sample_facts(), tables)
    assert "<script>alert" not in page
    assert "</script><b>manhattan" not in page
    assert "<b>kettle" not in page


def test_contents_lead_to_every_section(page: str):
    tags = Elements(page).tags
    places = [attributes["id"] for tag, attributes in tags if tag == "h2"]
    links = [attributes["href"] for tag, attributes in tags if tag == "a"]
    assert links == ["#report", *(f"#{place}" for place in places)]
    assert len(set(places)) == len(places)


def test_dear_products_come_with_their_reasons(page: str):
    assert "lamp: why 252 units at hub east in week 9?" in page
    assert "<dt>moved</dt><dd>238.5 units without prices, makes 252</dd>" in page


def test_sensitivity_is_shown_where_there_is_one(page: str):
    assert "What more capacity is worth" not in page
    tables = {**sample_tables(), "sensitivity": sample_sensitivity()}
    with_it = report_html(sample_summary(), sample_facts(), tables)
    assert "Most valuable: newark · sortable, storage, 5% more is worth 9,000 USD" in with_it
    assert "<td>not checked</td>" in with_it


def test_study_says_what_failed_and_what_moved():
    page = study_html(sample_study_summary(), sample_facts(), sample_study())
    assert "<h1>sample-study</h1>" in page
    assert "4 variants under 2 policies; 1 failed. All met the same random orders." in page
    assert "nodes.denver: no lane supplies it" in page
    assert "less_storage, priced, changes cost most: +30,000 USD" in page
    assert "less_storage, priced, changes fill rate most: -1.50 percentage points" in page


def test_study_without_results_says_so():
    tables = sample_study()
    variants = tables["variants"].assign(status="failed", error="no lane")
    page = study_html(sample_study_summary(), sample_facts(), {"variants": variants, "results": tables["results"][:0]})
    assert "4 variants under 2 policies; 4 failed." in page
    assert "Total cost" not in page


def test_only_tables_that_are_drawn_are_read(tmp_path: Path):
    folder = write_sample_run(tmp_path / "run")
    (folder / "events.parquet").write_bytes(b"not a table: reading it fails")
    assert write_report(folder) == folder / "report.html"
