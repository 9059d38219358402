"""An example as a page: its text, its code and what it shows.

A file is a row of cells. Comments after a line ``# %%`` are text in Markdown; what follows is code. A page shows the
code, what it prints, and the value of its last expression: a figure, a table, or as `repr` has it.
"""

from __future__ import annotations

import ast
import contextlib
import io
from collections.abc import Iterator
from typing import Any

PLOTLY = "plotly.min.js"


def page_of(source: str) -> str:
    """Return an example as Markdown, with what its cells show."""
    names: dict[str, Any] = {"__name__": "__main__"}
    parts = [raw(f'<script src="../_static/{PLOTLY}"></script>')]
    for text, code in cells(source):
        parts.append(text)
        if code:
            parts += [f"```python\n{code}\n```", *shown(code, names)]
    title, *rest = parts[1:]
    return "\n\n".join([title, parts[0], *rest])


def cells(source: str) -> Iterator[tuple[str, str]]:
    """Yield text and code of each cell; what stands above the first is left out."""
    for cell in source.split("\n# %%")[1:]:
        lines = cell.splitlines()[1:]
        count = next((number for number, line in enumerate(lines) if not line.startswith("#")), len(lines))
        text = "\n".join(line.removeprefix("#").removeprefix(" ") for line in lines[:count])
        yield text, "\n".join(lines[count:]).strip()


def shown(code: str, names: dict[str, Any]) -> Iterator[str]:
    """Run a cell and yield what it prints and what its last expression is."""
    body = ast.parse(code).body
    last = ast.Expression(body.pop().value) if body and isinstance(body[-1], ast.Expr) else None
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(compile(ast.Module(body, []), "<example>", "exec"), names)  # noqa: S102 - that is what it is for
        value = None if last is None else eval(compile(last, "<example>", "eval"), names)  # noqa: S307 - same
    if printed.getvalue():
        yield f"```text\n{printed.getvalue().rstrip()}\n```"
    if value is not None:
        yield displayed(value)


def displayed(value: Any) -> str:
    """Return a value as a notebook would show it."""
    if hasattr(value, "to_plotly_json"):
        return raw(value.to_html(full_html=False, include_plotlyjs=False, config={"displayModeBar": False}))
    if hasattr(value, "_repr_html_"):
        return raw(f'<div class="output">{value._repr_html_()}</div>')
    return f"```text\n{value!r}\n```"


def raw(html: str) -> str:
    """Return HTML as a block of Markdown."""
    return f"`````{{raw}} html\n{html}\n`````"
