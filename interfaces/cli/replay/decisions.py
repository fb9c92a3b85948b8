"""`retrace replay decisions`: recorded verdicts, taken again from the events before each."""

from __future__ import annotations

import sys
from pathlib import Path
from uuid import UUID

import click

from application.replay.decisions import ReplayDecisions, replay_decisions
from application.replay.decisions_report import DecisionsReplay
from domain.base.plain_digits import to_json
from interfaces.bootstrap import Services
from interfaces.cli.bar import counting
from interfaces.cli.base import (
    console,
    data_option,
    json_option,
    print_json,
    print_table,
    tenant_option,
    with_services,
)


@click.command()
@tenant_option
@click.option("--deployment", type=click.UUID, help="only this deployment's verdicts")
@click.option("--rows", type=click.IntRange(0, 100_000), default=1000, show_default=True, help="rows shown")
@data_option
@json_option
def decisions(tenant_id: UUID, deployment: UUID | None, rows: int, data: Path | None, as_json: bool) -> None:
    """Take each recorded verdict of rollouts, experiments and deployments again, from the log alone. Exit status 1 if one comes out otherwise."""
    command = ReplayDecisions(deployment=deployment, rows=rows)

    async def do(parts: Services) -> DecisionsReplay:
        head = await parts.reads.head(tenant_id)
        with counting("replaying", head, "events", quiet=as_json) as tell:
            return await replay_decisions(command, tenant_id, store=parts.store, tell=tell)

    found = with_services(data, do)
    if as_json:
        print_json(found)
    else:
        _print(found)
    if found.differing:
        sys.exit(1)


def _print(found: DecisionsReplay) -> None:
    if found.rows:
        shown = [
            [
                row.position,
                row.stream,
                _text(row.recorded),
                "no verdict" if row.again is None else _text(row.again),
            ]
            for row in found.rows
        ]
        print_table("verdicts that differ", ["position", "stream", "recorded", "again"], shown)
    older = f"; {found.older} of an earlier rule are left out" if found.older else ""
    console.print(
        f"{found.verdicts} verdicts taken again, {found.differing} differ{older}",
        style="bold",
        soft_wrap=True,
    )


def _text(facts: dict[str, object]) -> str:
    return to_json(facts).decode()
