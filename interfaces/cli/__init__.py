"""The command line: one line a command."""

from __future__ import annotations

import sys

import click

from application.ports import Fault
from domain.errors import Refusal
from infra.embedded.process import FolderInUse, ServerFailed
from infra.settings import InvalidSettings
from interfaces.cli.look import events, show, why
from interfaces.cli.run import demo, doctor, projector, serve, up, worker
from interfaces.cli.tenant import ask, tenant
from interfaces.cli.work import projections, work
from interfaces.supervisor import NotReady


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def cli() -> None:
    """Retrace: AI customer service whose every answer can be explained."""


for command in (
    up,
    demo,
    serve,
    worker,
    projector,
    doctor,
    tenant,
    ask,
    events,
    show,
    why,
    projections,
    work,
):
    cli.add_command(command)


def main() -> None:
    """Exit status 0: done, 1: failed, 2: bad use."""
    try:
        cli()
    except (Refusal, Fault, FolderInUse, ServerFailed, NotReady) as error:
        click.echo(f"retrace: {getattr(error, 'detail', '') or error}", err=True)
        sys.exit(1)
    except InvalidSettings as error:
        click.echo(f"retrace: {error}", err=True)
        sys.exit(2)
