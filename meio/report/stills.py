"""Every figure of a report as a still picture, PNG and SVG, drawn by the page itself in a browser."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from urllib.parse import unquote

from meio.report.browser import browser

WIDTH = 1000  # pixels; PNG has twice as many
_STILLS = """
(async () => {
  const stills = {};
  for (const shown of document.querySelectorAll("figure[data-name]")) {
    const drawing = shown.querySelector(".plotly-graph-div");
    const own = drawing.layout, shape = (own.meta || {}).height_per_width;
    const above = own.showlegend && !shape ? 34 : 8;  // the map's legend stands below it
    const height = (shape ? WIDTH * shape + 100 : own.height) + 40;
    const title = { text: shown.querySelector("h3").textContent, showarrow: false, font: { size: 16 },
      xref: "paper", x: 0, xanchor: "left", yref: "paper", y: 1, yanchor: "bottom", yshift: above };
    const annotations = [...(own.annotations || []), title], margin = { ...own.margin, t: above + 36 };
    const layout = { ...own, annotations, margin, height, width: WIDTH, autosize: false, paper_bgcolor: "white" };
    for (const format of ["png", "svg"]) {
      const size = { format, width: WIDTH, height, scale: format === "png" ? 2 : 1 };
      stills[shown.dataset.name + "." + format] = await Plotly.toImage({ data: drawing.data, layout }, size);
    }
  }
  return JSON.stringify(stills);
})()
""".replace("WIDTH", str(WIDTH))


def write_stills(report: Path, folder: Path) -> list[Path]:
    """Write every figure of a report as it stands when it is opened, and return the files.

    Parameters
    ----------
    report : Path
        The page.
    folder : Path
        Where the files go; made if it is not there.

    Raises
    ------
    BrowserError
        When there is no browser, or the page does not draw.
    OSError
        When the folder cannot be written.
    """
    with browser() as page:
        page.open(report, width=WIDTH)
        stills: dict[str, str] = json.loads(page.evaluate(_STILLS))
    folder.mkdir(exist_ok=True)
    for name, address in stills.items():
        kind, _, content = address.partition(",")
        encoded = base64.b64decode(content) if kind.endswith("base64") else unquote(content).encode()
        (folder / name).write_bytes(encoded)
    return [folder / name for name in stills]
