"""Commands that run roles."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import click
import httpx
from rich.markup import escape

from infra.database import Database
from infra.projections.lag import lags
from infra.settings import Settings
from interfaces import logs, supervisor
from interfaces.bootstrap import Services
from interfaces.cli.base import (
    console,
    data_option,
    json_option,
    port_option,
    print_json,
    settings_of,
    with_services,
)
from projections import PROJECTIONS


def _say(text: str) -> None:
    console.print(f"[dim]·[/dim] {escape(text)}")


@click.command()
@data_option
@port_option
def up(data: Path | None, port: int | None) -> None:
    """All roles in one process tree, with embedded servers unless DATABASE_URL and REDIS_URL are set."""
    settings = settings_of(data, port)

    def ready(tree: supervisor.Tree) -> None:
        console.print(
            f"[bold]Retrace[/bold] is up: {tree.url}  (API: {tree.url}/schema, logs: {settings.data}/logs)"
        )

    supervisor.up(settings, _say, ready)


@click.command()
@data_option
@port_option
@click.option(
    "--once", is_flag=True, help="ask the demo questions, then stop; exit status 1 if one was not answered"
)
@click.option("--llm", is_flag=True, help="answer with a real small language model (make demo LLM=1)")
def demo(data: Path | None, port: int | None, once: bool, llm: bool) -> None:
    """`up` with a demo tenant and its documents; asks questions and explains an answer."""
    from interfaces.demo.show import run

    if not once and not sys.stdout.isatty():
        once = True  # nobody is there to stop it
    sys.exit(run(settings_of(data, port), once=once, llm=llm, say=_say))


def _role_settings() -> Settings:
    """Of a role that runs apart, or below `retrace up`."""
    settings = settings_of()
    logs.set_up(settings.log_level)
    if settings.database_url is None:
        raise click.UsageError(
            "this role needs DATABASE_URL; `retrace up` runs everything, with an embedded database"
        )
    return settings


def _run(role: Coroutine[Any, Any, None]) -> None:
    import uvloop

    uvloop.run(role)


@click.command()
@port_option
def serve(port: int | None) -> None:
    """The HTTP interface."""
    from interfaces.serve import serve as role

    settings = _role_settings()
    if port is not None:
        import msgspec

        settings = msgspec.structs.replace(settings, port=port)
    _run(role(settings))


@click.command()
def worker() -> None:
    """Does the work that is due."""
    from interfaces.worker import work as role

    _run(role(_role_settings()))


@click.command()
def projector() -> None:
    """Keeps the read models up with the log."""
    from interfaces.projector import project as role

    _run(role(_role_settings()))


@click.command()
@data_option
@json_option
def doctor(data: Path | None, as_json: bool) -> None:
    """Check database, extension, Redis, keys, providers, lag, clock, disk."""
    checks = with_services(data, _examine)
    if as_json:
        print_json([{"check": name, "ok": ok, "detail": detail} for name, ok, detail in checks])
    else:
        for name, ok, detail in checks:
            console.print(f"{'[green]✓[/green]' if ok else '[red]✗[/red]'} {name}: {detail}")
    sys.exit(0 if all(ok for _, ok, _ in checks) else 1)


async def _examine(parts: Services) -> list[tuple[str, bool, str]]:
    checks: list[tuple[str, bool, str]] = []
    async with (
        Database(str(parts.settings.database_url), role="retrace_app", size=1) as database,
        database.system() as c,
    ):
        row = await (await c.execute("SELECT version(), extract(epoch FROM clock_timestamp())")).fetchone()
        assert row is not None
        skew = abs(parts.clock().timestamp() - float(row[1]))
        checks.append(("database", True, str(row[0]).split(" on ")[0]))
        checks.append(("clock", skew < 5, f"{skew * 1000:.0f} ms from the database's"))
        vector = await (
            await c.execute("SELECT extversion FROM pg_extension WHERE extname = 'vector'")
        ).fetchone()
        checks.append(
            ("pgvector", vector is not None, str(vector[0]) if vector else "missing: CREATE EXTENSION vector")
        )
    answers = await parts.redis_answers()
    if answers is None:
        checks.append(
            ("Redis", True, "none: going on without caches and hints, each process judges providers alone")
        )
    else:
        checks.append(("Redis", answers, "answers" if answers else "does not answer"))
    sick = [
        f"{place.id} ({lately.reason})"
        for place, lately in (await parts.health.all()).items()
        if lately.until
    ]
    checks.append(("providers", not sick, f"left alone: {', '.join(sick)}" if sick else "none is left alone"))
    retired = len(parts.settings.master()) // 32 - 1
    checks.append(("master key", True, f"32 bytes{f', and {retired} retired' if retired else ''}"))
    base = parts.settings.openai_base_url
    if base:
        try:
            async with httpx.AsyncClient(timeout=5) as client:
                status = (await client.get(f"{base.rstrip('/')}/models")).status_code
            checks.append(("OpenAI-compatible server", status < 500, f"{base} answers {status}"))
        except httpx.HTTPError as error:
            checks.append(("OpenAI-compatible server", False, f"{base}: {type(error).__name__}"))
    behind = await lags(parts.system, PROJECTIONS)
    worst = max((lag.behind for lag in behind), default=0)
    stopped = [lag for lag in behind if lag.stopped]
    checks.append(("projections", not stopped, f"at most {worst} events behind, {len(stopped)} stopped"))
    free = shutil.disk_usage(parts.settings.data if parts.settings.data.exists() else Path()).free
    checks.append(("disk", free > 2**30, f"{free / 2**30:.1f} GiB free"))
    return checks
