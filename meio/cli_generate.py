"""The verb ``generate`` of the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from meio.cli_options import Debug
from meio.console import Exit, session


def generate(
    output: Annotated[
        Path,
        typer.Option("--output", "-o", metavar="DIR", help="Folder to write; an earlier scenario there is replaced."),
    ],
    products: Annotated[int, typer.Option(help="Products, 80% of them slow movers.")] = 10_000,
    nodes: Annotated[int, typer.Option(help="Stocking sites, besides the vendors.")] = 20,
    zones: Annotated[int, typer.Option(help="Zones of customers.")] = 20,
    periods: Annotated[int, typer.Option(help="Weeks; the peak is in the last of them.")] = 13,
    seed: Annotated[int, typer.Option(help="Seed of what is drawn.")] = 0,
    tightness: Annotated[float, typer.Option(help="Divides all capacities; more lets more of them bind.")] = 1.0,
    debug: Debug = False,
) -> None:
    """Make up a scenario of any size, for tests of scale."""
    with session(debug=debug):
        from meio.generator.generate import RequestError
        from meio.generator.generate import generate as make

        try:
            path = make(
                output,
                products=products,
                nodes=nodes,
                zones=zones,
                periods=periods,
                seed=seed,
                tightness=tightness,
            )
        except RequestError as error:
            typer.echo(f"--{error}", err=True)
            raise typer.Exit(Exit.USAGE) from None
        typer.echo(path)
