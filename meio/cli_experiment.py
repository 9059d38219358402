"""The verb `experiment` of the command line."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from meio.cli_options import Debug, Json, Quiet, Verbose, Workers, Written
from meio.console import session

if TYPE_CHECKING:
    from meio.experiments.experiment import ExperimentResult


def experiment(
    file: Annotated[Path, typer.Argument(metavar="EXPERIMENT", help="The experiment's YAML file.")],
    output: Written,
    workers: Workers = None,
    as_json: Json = False,
    quiet: Quiet = False,
    verbose: Verbose = False,
    debug: Debug = False,
) -> None:
    """Try two planning systems side by side, products or weeks drawn by lot."""
    with session(quiet=quiet, verbose=verbose, debug=debug) as progress:
        from meio.experiments.experiment import experiment as run
        from meio.folder import check_destination
        from meio.summary import json_text

        check_destination(output)
        result = run(file, output, workers=workers, progress=progress)
        typer.echo(json_text(result.summary) if as_json else _text(result, output))


def _text(result: ExperimentResult, output: Path) -> str:
    money, measure = f"{result.currency} per product and week", result.request.measure
    lines = [f"{measure}, treatment less control, {money}"]
    for design, found in result.summary.items():
        sizes = result.sample_size[result.sample_size["design"] == design]
        needed = " or ".join(f"{row.products:,} products × {row.weeks:,} weeks" for row in sizes.itertuples())
        wished = f"{result.request.effect_percent:g}% with power {result.request.power:g}"
        lines += [
            "",
            f"{design} drawn by lot, {found['experiments']} experiments; control: {found['control_mean']:,.2f}",
            f"  effect found           {_shown(found['effect'])}",
            f"  all products switched  {_shown(found['rollout'])}",
            f"  interference           {_shown(found['interference'])}",
            f"  significant at 5%      in {found['found']:.0%} of the experiments",
            f"  smallest effect found  {found['smallest_effect']:,.2f} with power {result.request.power:g}",
            f"  covariates leave       {found['variance_left']:.0%} of the variance",
            f"  to find {wished}: {needed}",
        ]
    return "\n".join([*lines, "", f"written to {output}"])


def _shown(estimate: dict[str, Any]) -> str:
    ends = estimate["ci95"]
    return f"{estimate['mean']:,.2f}" + (f" [{ends[0]:,.2f}, {ends[1]:,.2f}]" if ends else "")
