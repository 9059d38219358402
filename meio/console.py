"""What surrounds every command: progress and mistakes on stderr, and an exit code for how it ended."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import IntEnum

import typer

from meio.progress import progress_bars


class Exit(IntEnum):
    """How a command ended."""

    FAILED = 1
    USAGE = 2
    INVALID_SCENARIO = 3
    INFEASIBLE = 4
    STOPPED_EARLY = 5
    INTERRUPTED = 130


@contextmanager
def session(
    *, quiet: bool = False, verbose: bool = False, debug: bool = False
) -> Iterator[Callable[[str, int, int], None]]:
    """Surround a command: lend it a progress display, and turn what goes wrong into a message and an exit code.

    Parameters
    ----------
    quiet : bool
        No progress.
    verbose : bool
        Log each step and its duration.
    debug : bool
        Show where an error came from.

    Raises
    ------
    typer.Exit
        With the code of the error.
    """
    logging.basicConfig(level=logging.INFO if verbose else logging.WARNING, format="%(name)s: %(message)s")
    try:
        with progress_bars(quiet) as progress:
            yield progress
    except typer.Exit:
        raise
    except KeyboardInterrupt as stop:
        typer.echo(str(stop) or "interrupted", err=True)
        raise typer.Exit(Exit.INTERRUPTED) from None
    except Exception as error:  # noqa: BLE001 - the one place that says what went wrong
        if debug:
            traceback.print_exc()
        code = _exit_code(error)
        unexpected = f"internal error, {type(error).__name__}: " if code is None else ""
        advice = "; --debug shows where" if unexpected and not debug else ""
        typer.echo(f"{unexpected}{error}{advice}", err=True)
        raise typer.Exit(Exit.FAILED if code is None else code) from None


def _exit_code(error: Exception) -> Exit | None:
    """Return how a command ends by an error; None: nobody foresaw it."""
    from meio.blocks.dual import BlocksLostError
    from meio.blocks.executors.choice import ExecutorNameError
    from meio.blocks.executors.protocol import ExecutorError
    from meio.blocks.work_folder import WorkFolderError
    from meio.demand.forecasting import ModelNameError, WindowError
    from meio.folder import DiskError, OutputError
    from meio.network.problems import ScenarioError
    from meio.optimizer.model import TooLargeError
    from meio.simulation.couplings import CouplingError, SampleError
    from meio.simulation.policies import PolicyError
    from meio.simulation.policy_files import PolicyNameError

    match error:
        case ScenarioError() | PolicyError() | BlocksLostError():
            return Exit.INVALID_SCENARIO
        case DiskError() | WorkFolderError() | ExecutorError():
            return Exit.FAILED
        case OutputError() | FileExistsError() | PolicyNameError() | TooLargeError() | CouplingError() | SampleError():
            return Exit.USAGE
        case ExecutorNameError() | ModelNameError() | WindowError():
            return Exit.USAGE
        case _:
            return None
