"""The page as text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from page.row import Row
from page.topics import TOPICS, Topic

HEADINGS = ("what", "meio", "the other", "ratio", "agreement")
INTRODUCTION = """\
<!-- Written by `make bench`; do not edit. -->

# Benchmarks

Every row compares two programs on the same work in one run. A ratio above 1 × means that meio is that many times as
fast. `make bench` measures everything anew, one topic after another on one thread each, and writes this page and
`benchmarks.json`; one topic: `python benchmarks/bench.py --only NAME`. Each script checks bars of its own; a missed bar
is told here, and so is a topic that failed.
"""


def page(record: Mapping[str, Any]) -> str:
    """Markdown of all that was measured."""
    parts = [INTRODUCTION, machine_text(record)]
    parts += [
        section(name, topic, record["topics"][name]) for name, topic in TOPICS.items() if name in record["topics"]
    ]
    return "\n".join(parts)


def machine_text(record: Mapping[str, Any]) -> str:
    """On what it was measured."""
    versions = ", ".join(f"{name} {version}" for name, version in record["versions"].items())
    machine = record["machine"]
    return f"Measured on {machine['processor']}, {machine['cores']} cores, {machine['system']}. Versions: {versions}.\n"


def section(name: str, topic: Topic, result: Mapping[str, Any]) -> str:
    """A topic: its meaning, its table, and how it was measured."""
    lines = [f"## {topic.title}", "", topic.meaning, ""]
    if "problem" not in result:
        lines += [*table(topic.rows(result["figures"])), ""]
    told = [
        f"`python benchmarks/{topic.script} {' '.join([*topic.arguments, '--seed', str(result['seed'])])}`",
        f"`--only {name}`",
        f"{result['seconds']:.0f} s and {result['cpu_seconds']:.0f} CPU seconds on {result['date']}",
        f"budget {topic.budget:.0f} s",
        f"load before the run {result['load']:.1f}",
    ]
    how = verdict(result)
    return "\n".join([*lines, f"**{how[0].upper()}{how[1:]}.** " + "; ".join(told) + ".", ""])


def verdict(result: Mapping[str, Any]) -> str:
    """How a topic ended."""
    if "problem" in result:
        return f"failed: {result['problem']}"
    missed = missed_bars(result["figures"])
    return f"bars missed: {', '.join(missed)}" if missed else "measured"


def table(rows: Sequence[Row]) -> list[str]:
    """Lines of a Markdown table."""
    lines = [HEADINGS, ("---",) * len(HEADINGS), *rows]
    return ["| " + " | ".join(cells) + " |" for cells in lines]


def missed_bars(figures: Mapping[str, Any]) -> list[str]:
    """Bars that a script did not hold."""
    passed = figures.get("passed", {})
    if isinstance(passed, bool):
        return [] if passed else ["agreement"]
    return [bar for bar, holds in passed.items() if not holds]
