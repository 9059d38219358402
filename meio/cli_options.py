"""Arguments and options that several verbs of the command line share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

ScenarioFile = Annotated[Path, typer.Argument(metavar="SCENARIO", help="The scenario's YAML file.")]
Written = Annotated[
    Path, typer.Option("--output", "-o", metavar="DIR", help="Folder to write; an earlier output there is replaced.")
]
Folder = Annotated[Path, typer.Argument(metavar="DIR", help="Output folder of an earlier run.")]
Overrides = Annotated[
    list[str],
    typer.Option(
        "--set",
        metavar="PATH=VALUE",
        default_factory=list,
        show_default=False,
        help="Change one value of the scenario; repeatable.",
    ),
]
Seed = Annotated[int, typer.Option(min=0, help="Seed of the simulation's random streams.")]
Workers = Annotated[int | None, typer.Option(min=1, help="Threads; one a core if not given.")]
Sample = Annotated[
    float | None,
    typer.Option(metavar="SHARE|N", min=1e-9, help="Estimate from some of the products: a share of them, or how many."),
]
Shards = Annotated[
    int | None,
    typer.Option(min=1, help="Simulate parts of the products one after another, where nothing couples them."),
]
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Show no progress.")]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Log each step and its duration.")]
Debug = Annotated[bool, typer.Option("--debug", help="Show where an error came from.")]
