"""`retrace replay alerts`: the states of alerts, taken again from the log."""

from __future__ import annotations

import sys
from pathlib import Path
from uuid import UUID

import click

from application.insight.alerts.replayed import AlertsReplay, replay_alerts
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
@click.option("--rows", type=click.IntRange(0, 100_000), default=1000, show_default=True, help="rows shown")
@data_option
@json_option
def alerts(tenant_id: UUID, rows: int, data: Path | None, as_json: bool) -> None:
    """Evaluate alerts again, from the log alone, where their state was to change. Exit status 1 if one comes out otherwise."""

    async def do(parts: Services) -> AlertsReplay:
        head = await parts.reads.head(tenant_id)
        with counting("replaying", head, "events", quiet=as_json) as tell:
            return await replay_alerts(tenant_id, store=parts.store, rows=rows, tell=tell)

    found = with_services(data, do)
    if as_json:
        print_json(found)
    else:
        _print(found)
    if found.differing:
        sys.exit(1)


def _print(found: AlertsReplay) -> None:
    if found.rows:
        shown = [
            [
                row.position,
                to_json(row.recorded).decode(),
                to_json(row.again).decode(),
            ]
            for row in found.rows
        ]
        print_table("evaluations that differ", ["position", "recorded", "again"], shown)
    older = f"; {found.older} of an earlier rule are left out" if found.older else ""
    console.print(
        f"{found.evaluations} evaluations taken again, {found.differing} differ{older}",
        style="bold",
        soft_wrap=True,
    )
