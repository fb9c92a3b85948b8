"""Progress bars of long commands: on standard error, and only for people who look at a terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)

from infra.backup.steps import Step
from infra.projections import progress

Tell = Callable[[int], None]
"""Hears how much is done."""


def _shown(quiet: bool) -> tuple[Console, bool]:
    """Where a bar goes, and whether it is left out."""
    console = Console(stderr=True, highlight=False)
    return console, quiet or not sys.stderr.isatty()


@contextmanager
def counting(what: str, total: int | None, unit: str, *, quiet: bool = False) -> Iterator[Tell]:
    """A bar for `what`: so many `unit` done of `total`, with a rate and the time that is left. None when `quiet`, as with --json."""
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn(unit + " · {task.fields[rate]}"),
        TimeRemainingColumn(),
    )
    console, left_out = _shown(quiet)
    with Progress(*columns, console=console, transient=True, disable=left_out) as bar:
        task = bar.add_task(what, total=total, rate="")

        def tell(done: int) -> None:
            elapsed = bar.tasks[0].elapsed
            rate = f"{done / elapsed:,.0f}/s" if elapsed else ""
            # There may be more meanwhile than there were at the beginning.
            bar.update(task, completed=done, total=total and max(total, done), rate=rate)

        yield tell


@contextmanager
def steps(quiet: bool) -> Iterator[Step]:
    """What is being done just now, for how long, and how far that is where it is known."""
    columns = (
        BarColumn(),
        TextColumn("{task.description}{task.fields[count]}", markup=False),
        TimeElapsedColumn(),
    )
    console, left_out = _shown(quiet)
    with Progress(*columns, console=console, transient=True, disable=left_out) as bar:
        task = bar.add_task("", total=None, count="")

        def tell(what: str, done: int = 0, total: int | None = None) -> None:
            count = "" if total is None else f": {done:,} of {total:,}"
            bar.update(task, description=what, completed=done, total=total, count=count)

        yield tell


@contextmanager
def building(*, quiet: bool = False) -> Iterator[Callable[[progress.Progress], None]]:
    """For what is built from events: events done of all, events per second. None when `quiet`, as with --json."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("events · {task.fields[rate]}"),
        TimeElapsedColumn(),
    )
    console, left_out = _shown(quiet)
    with Progress(*columns, console=console, disable=left_out) as bar:
        task = bar.add_task("building", total=None, rate="")

        def tell(now: progress.Progress) -> None:
            elapsed = bar.tasks[0].elapsed
            rate = f"{now.done / elapsed:,.0f}/s" if elapsed else ""
            bar.update(task, completed=now.done, total=now.total, rate=rate)

        yield tell
