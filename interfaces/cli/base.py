"""What the commands share: settings, a connection to the running deployment, output for people and for programs."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable, Coroutine
from contextlib import ExitStack
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

import click
import msgspec
from rich.console import Console
from rich.table import Table

from infra.embedded import servers
from infra.embedded.postgres import EmbeddedPostgres
from infra.embedded.process import FolderInUse
from infra.embedded.redis import EmbeddedRedis
from infra.settings import Secret, Settings, load, master_text
from interfaces.bootstrap import Services, services
from interfaces.cli.named_tenant import check_tenant, tenant_id

T = TypeVar("T")
console = Console(highlight=False, width=None if sys.stdout.isatty() else 160)
data_option = click.option(
    "--data", type=click.Path(path_type=Path), help="folder of the embedded servers and files"
)
port_option = click.option("--port", type=click.IntRange(1, 65535), help="port of the HTTP API")
json_option = click.option("--json", "as_json", is_flag=True, help="print JSON")
tenant_option = click.option("--tenant", "tenant_id", type=tenant_id, required=True, help="the tenant's id")


def settings_of(data: Path | None = None, port: int | None = None) -> Settings:
    """Raises InvalidSettings."""
    found = load(os.environ)
    changes: dict[str, Any] = {}
    if data is not None:
        changes["data"] = data
    if port is not None:
        changes["port"] = port
    return msgspec.structs.replace(found, **changes)


def with_services(data: Path | None, do: Callable[[Services], Coroutine[Any, Any, T]]) -> T:
    """Run `do` against the deployment: a running one, or else embedded servers started for this one command.

    Raises NotFound where the command names a tenant (`--tenant`) that there is not.
    """
    settings = settings_of(data)
    with ExitStack() as stack:
        if settings.database_url is None:
            master = settings.master()
            try:
                running = stack.enter_context(servers(settings.data))
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
        return asyncio.run(_run(settings, do))


async def _run(settings: Settings, do: Callable[[Services], Coroutine[Any, Any, T]]) -> T:
    command = click.get_current_context(silent=True)
    named = None if command is None else command.params.get("tenant_id")
    async with services(settings, pool=4) as parts:
        if named is not None:
            await check_tenant(named, parts.directory)
        return await do(parts)


def print_json(value: Any) -> None:
    click.echo(msgspec.json.format(msgspec.json.encode(value)).decode())


def print_table(title: str | None, columns: list[str], rows: list[list[Any]]) -> None:
    table = Table(*columns, title=title, title_justify="left", header_style="bold", box=None, pad_edge=False)
    for row in rows:
        table.add_row(*("" if cell is None else str(cell) for cell in row))
    console.print(table)


def stream_of(text: str) -> tuple[str, UUID]:
    """`kind/id` as a stream. Raises click.BadParameter."""
    kind, _, id = text.partition("/")
    try:
        return kind, UUID(id)
    except ValueError:
        raise click.BadParameter(f"{text!r} is not kind/id, as conversation/0190…") from None
