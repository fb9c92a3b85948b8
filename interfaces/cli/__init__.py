"""The command line: one line a command."""

from __future__ import annotations

import os
import sys
from importlib import import_module

import click

from application.ports import Fault
from domain.base.errors import Refusal
from infra.embedded.process import FolderInUse, FolderUnusable, ServerFailed
from infra.postgres.faults import OUTSIDE, trouble_of
from infra.settings import InvalidSettings, load
from interfaces.cli.version import told
from interfaces.processes.keeping import NotReady

COMMANDS = {
    "up": "run",
    "demo": "run",
    "serve": "run",
    "worker": "run",
    "projector": "run",
    "migrate": "operations.migrate",
    "doctor": "operations.doctor",
    "tenant": "tenancy.tenant",
    "operator": "operators.operator",
    "analyst": "insight.analyst",
    "ask": "tenancy.tenant",
    "events": "audit.events",
    "show": "audit.history",
    "diff": "audit.history",
    "why": "audit.look",
    "conversation": "conversations.conversation",
    "wrote": "audit.wrote",
    "projections": "operations.projections",
    "work": "operations.work",
    "audit": "audit.audit",
    "invariants": "audit.invariants",
    "reconcile": "operations.reconcile",
    "snapshots": "operations.snapshots",
    "models": "gateway.models",
    "replay": "replay.replay",
    "usage": "insight.usage",
    "providers": "gateway.providers",
    "budget": "gateway.budget",
    "deployments": "experiments.deployments",
    "forget": "privacy.forget",
    "retention": "privacy.retention",
    "keys": "tenancy.keys",
    "files": "operations.files",
    "backup": "operations.backup",
    "restore": "operations.restore",
}
"""Command → the module here that has it, under the same name."""


class Commands(click.Group):
    """Imports a command when it is asked for: most want all the parts of Retrace, and `up` hardly any."""

    def list_commands(self, _: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, _: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return None
        command: click.Command = getattr(import_module(f"interfaces.cli.{COMMANDS[name]}"), name)
        return command


def _tell_version(context: click.Context, _: click.Parameter, asked: bool) -> None:
    if asked and not context.resilient_parsing:
        click.echo(told())
        context.exit()


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_tell_version,
    help="print version and schema",
)
@click.option("--cell", metavar="NAME", help="of several databases (RETRACE_CELLS) the one that is meant")
def cli(cell: str | None) -> None:
    """Retrace: AI customer service whose every answer can be explained."""


def main() -> None:
    """Exit status 0: done, 1: failed, 2: bad use."""
    try:
        cli()
    except (Refusal, Fault, FolderInUse, FolderUnusable, ServerFailed, NotReady) as error:
        click.echo(f"retrace: {getattr(error, 'why', '') or getattr(error, 'detail', '') or error}", err=True)
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
