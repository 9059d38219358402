"""The quickstart scenario with changes, written where a test may load it."""

from __future__ import annotations

from pathlib import Path

from meio.network.problems import ScenarioError
from meio.network.scenario import load_scenario

ROOT = Path(__file__).parent.parent
QUICKSTART = (ROOT / "scenarios" / "quickstart.yaml").read_text(encoding="utf-8")
LINES = QUICKSTART.splitlines()
PRODUCTS_CSV = """product,volume_m3,weight_kg,unit_cost,price
lamp,0.012,1.4,11,29
kettle,0.009,1.1,14,35
mug,0.001,0.4,2,8
chair,0.09,7,38,95
clock,0.004,0.6,9,25
"""


def edited(*edits: tuple[str, str], text: str = QUICKSTART) -> str:
    """Quickstart with the first occurrence of each text replaced."""
    for old, new in edits:
        assert old in text, old
        text = text.replace(old, new, 1)
    return text


def with_source(key: str, source: str, text: str = QUICKSTART) -> str:
    """Quickstart with the inline rows under `key:` (indented as in the file) replaced by another source."""
    lines = text.splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith(f"{key}:"))
    indent = len(lines[start]) - len(lines[start].lstrip())
    stop = next(
        number
        for number, line in enumerate([*lines[start + 1 :], "end"], start + 1)
        if line and len(line) - len(line.lstrip()) <= indent
    )
    return "\n".join([*lines[:start], f"{key}: {source}", *lines[stop:]]) + "\n"


def problems_of(text: str | bytes, *overrides: str) -> list[str]:
    """Problems of a scenario written to s.yaml in the working folder, the closing count checked and left out."""
    content = text if isinstance(text, bytes) else text.encode()
    Path("s.yaml").write_bytes(content)
    try:
        load_scenario(Path("s.yaml"), overrides)
    except ScenarioError as error:
        *problems, count = str(error).splitlines()
        assert count == f"{len(problems)} problem{'s' if len(problems) > 1 else ''}"
        return problems
    return []
