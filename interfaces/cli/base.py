"""What the commands share: settings, a connection to the running deployment, output for people and for programs."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Coroutine, Iterator
from contextlib import AsyncExitStack, ExitStack, contextmanager
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID

import click
import msgspec
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from domain.base.errors import Invalid
from domain.base.plain_digits import digits, to_json
from infra.embedded import servers
from infra.embedded.postgres import EmbeddedPostgres
from infra.embedded.process import FolderInUse, prepare_folder
from infra.embedded.redis import EmbeddedRedis
from infra.settings import Secret, Settings, master_text
from infra.storage.address import is_same
from infra.waits import silently
from interfaces.cli.named_cell import cell_named, cell_of
from interfaces.cli.named_tenant import check_tenant, tenant_id
from interfaces.cli.options import data_option as data_option
from interfaces.cli.options import port_option as port_option
from interfaces.cli.options import settings_of as settings_of
from interfaces.running import running_in
from interfaces.waiting import Teller

if TYPE_CHECKING:
    from interfaces.bootstrap import Cells, Services

T = TypeVar("T")
WIDEST = 100_000
"""Columns that a table may take where no terminal bounds it."""

console = Console(highlight=False, width=None if sys.stdout.isatty() else WIDEST)
json_option = click.option("--json", "as_json", is_flag=True, help="print JSON")
tenant_option = click.option("--tenant", "tenant_id", type=tenant_id, required=True, help="the tenant's id")


def with_services(
    data: Path | None, do: Callable[[Services], Coroutine[Any, Any, T]], *, files: bool = False
) -> T:
    """Run `do` against the deployment: a running one, or else embedded servers started for this one command. `files`: it reads or writes such.

    Raises NotFound where the command names a tenant (`--tenant`) that there is not.
    """
    with deployment(data, files=files) as settings:
        return asyncio.run(_run(settings, do))


@contextmanager
def deployment(data: Path | None, *, files: bool = False) -> Iterator[Settings]:
    """The settings with the addresses of a running deployment, or else of embedded servers that run until the end.

    `files`: the command reads or writes such. Raises Invalid where they are elsewhere than these settings say.
    """
    with deployed(settings_of(data), files=files) as settings:
        yield settings


@contextmanager
def deployed(settings: Settings, *, files: bool) -> Iterator[Settings]:
    """The same of a deployment that has these settings."""
    noted = running_in(settings.data) if files else None
    if noted is not None and not is_same(noted.files, settings.files):
        place = noted.files or "the data folder"
        raise Invalid(
            f"the roles that run in {settings.data} have files in {place}: give RETRACE_FILES (`files` in a configuration file) as they have it"
        )
    with ExitStack() as stack:
        if settings.database_url is None:
            prepare_folder(settings.data)
            master = settings.master()
            try:
                waits = Teller(sys.stderr).waits if sys.stderr.isatty() else silently
                running = stack.enter_context(servers(settings.data, waits=waits))
                database_url, redis_url = running.database_url, running.redis_url
            except FolderInUse:  # `retrace up` has it: join in
                database_url = EmbeddedPostgres(settings.data).url
                redis_url = EmbeddedRedis(settings.data).url
            settings = msgspec.structs.replace(
                settings,
                database_url=Secret(database_url),
                redis_url=Secret(redis_url) if redis_url else None,
                master_key=master_text(master),
            )
        yield settings


def with_cells(data: Path | None, do: Callable[[Cells], Coroutine[Any, Any, T]]) -> T:
    """Run `do` against all cells of the deployment, or against the one that `retrace --cell` names. Raises Unavailable where one is away."""
    with deployment(data) as settings:
        return asyncio.run(_run_in_all(settings, do))


async def _run_in_all(settings: Settings, do: Callable[[Cells], Coroutine[Any, Any, T]]) -> T:
    from interfaces.bootstrap import Cells, services

    by_cell = settings.by_cell
    if cell_named() is not None:
        by_cell = dict([await cell_of(settings, None)])
    cells = Cells(list(by_cell))
    async with AsyncExitStack() as stack:
        for name, each in by_cell.items():
            await stack.enter_async_context(services(each, pool=4, name=name, cells=cells))
        return await do(cells)


async def _run(settings: Settings, do: Callable[[Services], Coroutine[Any, Any, T]]) -> T:
    from interfaces.bootstrap import services  # all the parts, which commands that run roles have no use for

    command = click.get_current_context(silent=True)
    named = None if command is None else command.params.get("tenant_id")
    name, of_cell = await cell_of(settings, named)
    async with services(of_cell, pool=4, name=name) as parts:
        if named is not None:
            await check_tenant(named, parts.directory)
        return await do(parts)


def print_json(value: Any) -> None:
    click.echo(msgspec.json.format(to_json(value)).decode())


def tell_done(as_json: bool, facts: Any, text: str) -> None:
    """What a command has done: `facts` for programs, `text` for people."""
    if as_json:
        print_json(facts)
    else:
        console.print(text, soft_wrap=True, markup=False)


def print_table(title: str | None, columns: list[str], rows: list[list[Any]]) -> None:
    """Rows under their columns' names. No word is cut or broken, so that an id can be taken from it and given on.

    A terminal that is too narrow breaks lines between words, then itself; where nobody watches one, each row is one line.
    """
    table = Table(title=title, title_justify="left", header_style="bold", box=None, pad_edge=False)
    texts = [["" if cell is None else _text(cell) for cell in row] for row in rows]
    for number, column in enumerate(columns):
        words = [word for text in (column, *(row[number] for row in texts)) for word in text.split()]
        longest = max(map(cell_len, words), default=0)
        table.add_column(Text(column), min_width=longest, no_wrap=not sys.stdout.isatty(), overflow="fold")
    for row in texts:
        table.add_row(*map(Text, row))
    needed = table.__rich_measure__(console, console.options.update(width=WIDEST))
    width = max(console.width, needed.minimum) if sys.stdout.isatty() else max(1, needed.maximum)
    Console(highlight=False, width=width).print(table, crop=False)


def _text(cell: Any) -> str:
    return digits(cell) if isinstance(cell, Decimal) else str(cell)


def stream_of(text: str) -> tuple[str, UUID]:
    """`kind/id` as a stream. Raises click.BadParameter."""
    kind, _, id = text.partition("/")
    try:
        return kind, UUID(id)
    except ValueError:
        raise click.BadParameter(f"{text!r} is not kind/id, as conversation/0190…") from None
