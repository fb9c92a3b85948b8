"""The command line: one line a command."""

from __future__ import annotations

import os
import sys

import click

from application.ports import Fault
from domain.errors import Refusal
from infra.database_faults import OUTSIDE, trouble_of
from infra.embedded.process import FolderInUse, FolderUnusable, ServerFailed
from infra.settings import InvalidSettings, load
from interfaces.cli.audit import audit, forget
from interfaces.cli.backup import backup
from interfaces.cli.budget import budget
from interfaces.cli.doctor import doctor
from interfaces.cli.events import events
from interfaces.cli.history import diff, show
from interfaces.cli.invariants import invariants
from interfaces.cli.keys import keys
from interfaces.cli.look import why
from interfaces.cli.migrate import migrate
from interfaces.cli.models import models
from interfaces.cli.projections import projections
from interfaces.cli.providers import providers
from interfaces.cli.replay import replay
from interfaces.cli.replay_prices import prices
from interfaces.cli.replay_routing import routing
from interfaces.cli.restore import restore
from interfaces.cli.retention import retention
from interfaces.cli.run import demo, projector, serve, up, worker
from interfaces.cli.snapshots import snapshots
from interfaces.cli.tenant import ask, tenant
from interfaces.cli.usage import usage
from interfaces.cli.work import work
from interfaces.cli.wrote import wrote
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
    migrate,
    doctor,
    tenant,
    ask,
    events,
    show,
    diff,
    why,
    wrote,
    projections,
    work,
    audit,
    invariants,
    snapshots,
    models,
    replay,
    usage,
    providers,
    budget,
    forget,
    retention,
    keys,
    backup,
    restore,
):
    cli.add_command(command)
replay.add_command(prices)
replay.add_command(routing)


def main() -> None:
    """Exit status 0: done, 1: failed, 2: bad use."""
    try:
        cli()
    except (Refusal, Fault, FolderInUse, FolderUnusable, ServerFailed, NotReady) as error:
        click.echo(f"retrace: {getattr(error, 'detail', '') or error}", err=True)
        sys.exit(1)
    except InvalidSettings as error:
        click.echo(f"retrace: {error}", err=True)
        sys.exit(2)
    except OUTSIDE as error:  # whatever passed all that knows it better
        click.echo(f"retrace: {trouble_of(error, load(os.environ).database_url or '').text}", err=True)
        sys.exit(1)
    except OSError as error:
        file = f"{error.filename}: " if error.filename else ""
        click.echo(f"retrace: {file}{error.strerror or error}", err=True)
        sys.exit(1)
