"""The report in a real browser: everything drawn, nothing fetched, usable by keyboard, on a screen and on a phone."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from demand_cases import as_rows, known_demand
from sample_report import write_sample_run, write_sample_study

from meio import forecasts
from meio.output import write_figures, write_report
from meio.report.browser import Browser, BrowserError, browser, find_browser

try:
    find_browser()
except BrowserError as error:
    pytest.skip(str(error), allow_module_level=True)

SCREENSHOTS = Path(__file__).parent.parent / ".report-screenshots"
WIDTHS = {"screen": 1400, "phone": 390}
# Of every figure: whether an SVG stands in it, and how many marks, lines, bars or cells were drawn there.
DRAWN = """Object.fromEntries(Array.from(document.querySelectorAll("figure[data-name]"), shown => [
  shown.dataset.name,
  shown.querySelectorAll(".subplot .point, .subplot path.js-line, .subplot .hm image").length,
]))"""
MAP = "document.getElementById('figure-network').querySelector('.subplot').innerHTML"


@pytest.fixture(scope="module")
def page() -> Iterator[Browser]:
    with browser() as lent:
        yield lent


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("reports")
    made = {"run": write_sample_run(folder / "run"), "study": write_sample_study(folder / "study")}
    rows = as_rows(known_demand(30, 60, seed=1).history)
    rows.to_csv(folder / "orders.csv", index=False)
    asked = forecasts.request("week", 4, [2])
    forecasts.forecast(folder / "orders.csv", folder / "ahead", asked, models=["seasonal_naive"])
    pages = {name: write_report(sample) for name, sample in made.items()}
    return pages | {"forecast": folder / "ahead" / "report.html"}


@pytest.fixture(
    scope="module", params=[(kind, width) for kind in ("run", "study", "forecast") for width in WIDTHS], ids="-".join
)
def opened(request: pytest.FixtureRequest, page: Browser, reports: dict[str, Path]) -> Browser:
    """A page opened at a width; its screenshot is kept."""
    kind, width = request.param
    page.open(reports[kind], width=WIDTHS[width])
    SCREENSHOTS.mkdir(exist_ok=True)
    (SCREENSHOTS / f"{kind}-{WIDTHS[width]}.png").write_bytes(page.screenshot())
    return page


def told(page: Browser, *methods: str) -> list[dict]:
    return [event["params"] for event in page.events if event["method"] in methods]


def test_no_error_in_the_console(opened: Browser):
    assert told(opened, "Runtime.exceptionThrown", "Runtime.consoleAPICalled", "Log.entryAdded") == []


def test_nothing_is_fetched(opened: Browser):
    addresses = [params["request"]["url"] for params in told(opened, "Network.requestWillBeSent")]
    assert [address for address in addresses if address.startswith("file:")] == addresses[:1]
    assert {address.partition(":")[0] for address in addresses} <= {"file", "data", "blob"}


def test_every_figure_is_drawn(opened: Browser):
    drawn = opened.evaluate(DRAWN)
    assert len(drawn) >= 4
    assert [name for name, marks in drawn.items() if marks == 0] == []


def test_nothing_is_wider_than_the_window(opened: Browser):
    assert opened.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    out = """Array.from(document.querySelectorAll("body *")).filter(one =>
      !one.closest(".scroll, svg, .skip") && one.getBoundingClientRect().right > window.innerWidth + 1).length"""
    assert opened.evaluate(out) == 0


def test_figures_stand_apart_from_what_follows(opened: Browser):
    overlap = """Array.from(document.querySelectorAll("figure[data-name]")).filter(shown =>
      shown.querySelector(".main-svg").getBoundingClientRect().bottom
        > shown.querySelector("[role=img]").getBoundingClientRect().bottom + 1).map(shown => shown.dataset.name)"""
    assert opened.evaluate(overlap) == []


@pytest.mark.parametrize("width", WIDTHS.values())
def test_the_arrow_keys_move_the_map_from_week_to_week(page: Browser, reports: dict[str, Path], width: int):
    page.open(reports["run"], width=width)
    page.evaluate("document.querySelector('input[type=range]').focus()")
    seen = [page.evaluate(f"[document.querySelector('output').textContent, {MAP}]")]
    for _ in range(2):
        for kind in ("keyDown", "keyUp"):
            page.ask("Input.dispatchKeyEvent", type=kind, key="ArrowRight", code="ArrowRight", windowsVirtualKeyCode=39)
        page.evaluate("new Promise(done => setTimeout(done, 100))")
        seen.append(page.evaluate(f"[document.querySelector('output').textContent, {MAP}]"))
    assert [words.split(":")[0] for words, _ in seen] == [f"Week {week} of 13" for week in (1, 2, 3)]
    assert len({drawing for _, drawing in seen}) == 3
    (SCREENSHOTS / f"run-{width}-week-3.png").write_bytes(page.screenshot())


def test_the_map_shows_the_flows_of_its_week(page: Browser, reports: dict[str, Path]):
    page.open(reports["run"], width=1400)
    widths = """(week => { const slider = document.querySelector("input[type=range]");
      slider.value = week; slider.dispatchEvent(new Event("input"));
      return new Promise(done => setTimeout(() => done(document.getElementById("figure-network").calcdata
        .filter(one => /class 4/.test(one[0].trace.name)).map(one => one[0].trace._length)), 100)); })"""
    assert page.evaluate(f"{widths}(1)") == [0, 0]
    assert page.evaluate(f"{widths}(13)") == [
        3 * 1,
        3 * 3,
    ]  # ends and gap of lanes with at least 40% of 6,500 units a day


def test_the_tab_key_reaches_the_skip_link_first_and_then_the_slider(page: Browser, reports: dict[str, Path]):
    page.open(reports["run"], width=1400)
    reached = []
    for _ in range(60):
        for kind in ("keyDown", "keyUp"):
            page.ask("Input.dispatchKeyEvent", type=kind, key="Tab", code="Tab", windowsVirtualKeyCode=9)
        reached.append(page.evaluate("document.activeElement.id || document.activeElement.className"))
    assert reached[0] == "skip"
    assert "slider-network" in reached


def test_everything_has_a_name_for_who_cannot_see_it(opened: Browser):
    unnamed = """Array.from(document.querySelectorAll("[role=img], input, section, nav")).filter(one =>
      !(one.getAttribute("aria-label") || one.getAttribute("aria-labelledby") || (one.labels || []).length)).length"""
    assert opened.evaluate(unnamed) == 0
    levels = opened.evaluate("Array.from(document.querySelectorAll('h1, h2, h3'), one => Number(one.tagName[1]))")
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_an_error_on_the_page_is_noticed(page: Browser, reports: dict[str, Path], tmp_path: Path):
    broken = tmp_path / "broken.html"
    text = reports["run"].read_text("utf-8")
    broken.write_text(text.replace("</footer>", "</footer><script>nothing.here;</script>"), "utf-8")
    page.open(broken, width=1400)
    assert len(told(page, "Runtime.exceptionThrown")) == 1
    (details,) = told(page, "Runtime.exceptionThrown")
    assert "nothing is not defined" in str(details)
    with pytest.raises(BrowserError, match="the page reports: ReferenceError: nobody"):
        page.evaluate("nobody.here")


def test_figures_are_written_as_png_and_svg(tmp_path: Path):
    folder = write_sample_run(tmp_path / "run")
    files = write_figures(folder)
    names = {file.stem for file in files}
    assert {"network", "cost", "filled", "inventory", "tornado", "saving-national_pool", "convergence"} <= names
    assert sorted(file.name for file in files) == sorted(f"{name}.{kind}" for name in names for kind in ("png", "svg"))
    for file in files:
        start = {".png": b"\x89PNG", ".svg": b"<svg"}[file.suffix]
        assert file.read_bytes().startswith(start)
    assert "hub" not in (folder / "figures/convergence.svg").read_text("utf-8")
    assert "saved in all" in (folder / "figures/saving-national_pool.svg").read_text("utf-8")


def test_without_a_browser_the_message_says_what_to_install(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("BROWSER_PATH", "/no/such/browser")
    with pytest.raises(BrowserError, match=r"no browser found \(BROWSER_PATH=/no/such/browser\); install Chromium"):
        find_browser()
