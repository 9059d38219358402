"""Examples that are run when the documentation is built: each `gallery/*.py` becomes a page; one that fails ends it."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

from docutils import nodes
from example_pages import PLOTLY, page_of
from myst_parser.parsers.sphinx_ import MystParser
from sphinx.application import Sphinx

ROOT = Path(__file__).parent.parent.parent


class GalleryParser(MystParser):
    """Runs an example and reads the page it makes."""

    supported = ("gallery",)

    def parse(self, inputstring: str, document: nodes.document) -> None:
        """Put the page into the document."""
        with contextlib.chdir(ROOT):  # examples name scenarios from here
            page = page_of(inputstring)
        super().parse(page, document)


def setup(app: Sphinx) -> dict[str, Any]:
    """Read `.py` as examples, and put plotly's script beside the pages."""
    app.add_source_parser(GalleryParser)
    app.connect("build-finished", _write_plotly)
    return {"parallel_read_safe": False, "parallel_write_safe": True}


def _write_plotly(app: Sphinx, failure: Exception | None) -> None:
    if failure is None and app.builder.format == "html":
        from plotly.offline import get_plotlyjs

        (Path(app.outdir) / "_static" / PLOTLY).write_text(get_plotlyjs(), "utf-8")
