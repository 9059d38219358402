"""What the documentation shows in Python is what Python shows; gallery pages are made from their programs."""

from __future__ import annotations

import ast
import doctest
import re
import sys
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PAGES = sorted([ROOT / "README.md", *DOCS.rglob("*.md")])
PROGRAMS = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
WITH_EXAMPLES = ["meio.comparison", "meio.network.changes"]
EXAMPLES = sorted((DOCS / "gallery").glob("*.py"))
FLAGS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS


def programs_of(page: Path) -> list[str]:
    return PROGRAMS.findall(page.read_text("utf-8"))


def ran(test: doctest.DocTest, shown: list[str]) -> doctest.TestResults:
    return doctest.DocTestRunner(optionflags=FLAGS).run(test, out=shown.append)


@pytest.mark.parametrize(
    "page",
    [page for page in PAGES if any(">>> " in program for program in programs_of(page))],
    ids=lambda page: page.stem,
)
def test_page_shows_what_python_shows(page: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(ROOT)
    session = "\n".join(program for program in programs_of(page) if ">>> " in program)
    test, shown = doctest.DocTestParser().get_doctest(session, {}, page.name, str(page), 0), []
    assert test.examples
    assert ran(test, shown).failed == 0, "".join(shown)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_programs_without_prompts_are_python(page: Path):
    for program in programs_of(page):
        if ">>> " not in program:
            ast.parse(program)


@pytest.mark.parametrize("module", WITH_EXAMPLES)
def test_docstring_shows_what_python_shows(module: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(ROOT)
    tests = [test for test in doctest.DocTestFinder().find(import_module(module)) if test.examples]
    for test in tests:
        shown: list[str] = []
        assert ran(test, shown).failed == 0, "".join(shown)
    assert tests


def test_readme_shows_the_library():
    readme = "".join(programs_of(ROOT / "README.md"))
    assert {"load", "plan", "simulate", "compare", "plotting"} <= set(re.findall(r"\bmeio\.(\w+)", readme))
    assert ">>> " in readme


def test_gallery_cells_split_text_from_code(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.syspath_prepend(str(DOCS / "_extensions"))
    from example_pages import page_of

    page = page_of('"""Left out."""\n\n# %%\n# # Title\n#\n# Text.\nx = 2\nprint(x)\n\n# %%\nx + 1\n')
    assert page.startswith("# Title\n\nText.")
    assert "Left out" not in page
    assert "```python\nx = 2\nprint(x)\n```\n\n```text\n2\n```" in page
    assert page.endswith("```python\nx + 1\n```\n\n```text\n3\n```")


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.stem)
def test_gallery_example_has_title_and_code(example: Path):
    cells = example.read_text("utf-8").split("\n# %%\n")[1:]
    assert cells[0].startswith("# # ")
    assert "import meio" in cells[0]


def test_public_names_are_documented():
    import meio

    page = (DOCS / "api.md").read_text("utf-8")
    undocumented = {name for name in meio.__all__ if f"meio.{name}" not in page} - {"__version__"}
    assert undocumented == set(), f"add to docs/api.md: {sys.modules['meio'].__file__}"
