"""A progress bar for what is built from events."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from infra.projections import progress
from interfaces.cli.base import console


@contextmanager
def building() -> Iterator[Callable[[progress.Progress], None]]:
    """Shows what it is told: events done of all, events per second."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("events · {task.fields[rate]}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console) as bar:
        task = bar.add_task("building", total=None, rate="")

        def tell(now: progress.Progress) -> None:
            elapsed = bar.tasks[0].elapsed
            rate = f"{now.done / elapsed:,.0f}/s" if elapsed else ""
            bar.update(task, completed=now.done, total=now.total, rate=rate)

        yield tell
