"""How a verb ends: what it prints, and with which exit code."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from meio.console import Exit

if TYPE_CHECKING:
    from meio.outcome import Outcome


def conclude(outcome: Outcome, output: Path | None, as_json: bool) -> None:
    """Print the result and say where the rest is."""
    from meio.summary import summarize

    print_summary(summarize(outcome), outcome.scenario.file.costs.currency, output, as_json)


def print_summary(summary: dict[str, Any], currency: str, output: Path | None, as_json: bool) -> None:
    """Print the figures, as JSON or in words, and where the report is."""
    from meio.output import REPORT
    from meio.summary import json_text
    from meio.wording import summary_text

    if as_json:
        typer.echo(json_text(summary))
        return
    typer.echo(summary_text(summary, currency))
    if output is not None:
        page = output / REPORT
        typer.echo(f"\nreport: {page}" if page.exists() else f"\nwritten to {output}; the report needs plotly")


def end_by_gap(outcome: Outcome) -> None:
    """End with an exit code of its own when the optimizer stopped before the gap that was asked for."""
    if not outcome.reached_target_gap:
        target = outcome.scenario.file.planning.target_gap
        typer.echo(f"stopped at a limit before the target gap of {target:g}; the results are written", err=True)
        raise typer.Exit(Exit.STOPPED_EARLY)


def end_by_precision(outcome: Outcome) -> None:
    """End with an exit code of its own when the replications allowed were too few for the precision asked for."""
    if not outcome.reached_precision and outcome.proof is not None:
        used, asked = outcome.proof.replications, outcome.proof.precision
        typer.echo(f"stopped after {used} replications, before the precision of {asked:g}", err=True)
        raise typer.Exit(Exit.STOPPED_EARLY)
