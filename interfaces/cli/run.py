"""Commands that run roles."""

from __future__ import annotations

import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import click

from infra.settings import Settings
from interfaces import logs, supervisor
from interfaces.cli.options import data_option, port_option, settings_of
from interfaces.waiting import Teller

TELLER = Teller()


@click.command()
@data_option
@port_option
def up(data: Path | None, port: int | None) -> None:
    """All roles in one process tree, with embedded servers unless DATABASE_URL and REDIS_URL are set."""
    supervisor.become(settings_of(data, port), TELLER)


@click.command()
@data_option
@port_option
@click.option(
    "--once", is_flag=True, help="ask the demo questions, then stop; exit status 1 if one was not answered"
)
@click.option("--llm", is_flag=True, help="answer with a real small language model (make demo LLM=1)")
def demo(data: Path | None, port: int | None, once: bool, llm: bool) -> None:
    """`up` with a demo tenant and all that it has; asks questions of each kind, explains an answer, books a slot, writes by WhatsApp."""
    from interfaces.cli.demo.show import run

    if not once and not sys.stdout.isatty():
        once = True  # nobody is there to stop it
    sys.exit(run(settings_of(data, port), once=once, llm=llm, teller=TELLER))


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
