"""Progress bars on stderr when someone is looking, and an interrupt that waits for what is being finished."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

Show = Callable[[str, int, int], None]
"""As `meio.workflow.Progress`."""

ADVICE = "interrupted: finishing what is begun; Ctrl-C again stops at once"


@contextmanager
def progress_bars(quiet: bool) -> Iterator[Show]:
    """Lend a function that shows how much of a step is done and how long the rest takes.

    The first Ctrl-C after it was called lets the work go on to its next call, which raises KeyboardInterrupt: no result
    is torn apart. Before it was called nothing is finished, and Ctrl-C stops at once, as a second one does.

    Parameters
    ----------
    quiet : bool
        No bars; nor are there any when stderr is not a terminal.
    """
    import rich.progress as bars
    from rich.console import Console

    console = Console(stderr=True)
    display = bars.Progress(
        bars.TextColumn("{task.description}"),
        bars.BarColumn(),
        bars.MofNCompleteColumn(),
        bars.TextColumn("{task.fields[standing]}"),
        bars.TimeElapsedColumn(),
        bars.TextColumn("left"),
        bars.TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=quiet or not console.is_terminal,
    )
    tasks: dict[str, bars.TaskID] = {}
    with display, _deferred_interrupt(lambda: console.print(ADVICE, highlight=False)) as check:

        def show(step: str, done: int, total: int) -> None:
            name, _, standing = step.partition(": ")
            if name not in tasks:
                for earlier in tasks.values():  # a step may end before its limit
                    display.stop_task(earlier)
                tasks[name] = display.add_task(name.replace("_", " "), standing="")
            display.update(tasks[name], completed=done, total=max(done, total), standing=standing)
            check()

        yield show


@contextmanager
def _deferred_interrupt(tell: Callable[[], None]) -> Iterator[Callable[[], None]]:
    """Lend a function that raises KeyboardInterrupt when Ctrl-C was pressed since it was first called."""
    begun = pressed = False

    def check() -> None:
        nonlocal begun
        begun = True
        if pressed:
            raise KeyboardInterrupt

    def handle(_: int, __: FrameType | None) -> None:
        nonlocal pressed
        if pressed or not begun:
            raise KeyboardInterrupt
        pressed = True
        tell()

    if threading.current_thread() is not threading.main_thread():
        yield check
        return
    former = signal.signal(signal.SIGINT, handle)
    try:
        yield check
    finally:
        signal.signal(signal.SIGINT, former)
