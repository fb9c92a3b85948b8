"""`retrace snapshots check`: what long streams are loaded from, beside what their events say."""

from __future__ import annotations

import sys
from pathlib import Path
from uuid import UUID

import click

from infra.log.snapshot_check import Checked, SnapshotCheck
from interfaces.bootstrap import Services
from interfaces.cli.audit.look import tenant_or_all, tenants_of
from interfaces.cli.bar import counting
from interfaces.cli.base import console, data_option, json_option, print_json, with_services


@click.group()
def snapshots() -> None:
    """Snapshots of long streams."""


@snapshots.command()
@click.option("--drop", is_flag=True, help="remove those that differ; the next load replays")
@tenant_or_all
@data_option
@json_option
def check(drop: bool, tenant_id: UUID | None, data: Path | None, as_json: bool) -> None:
    """Replay each stream that has a snapshot from its first event on, and compare. Exit status 1: one differs."""

    async def do(parts: Services) -> list[Checked]:
        checking = SnapshotCheck(parts.database, parts.keyring, parts.reader)
        found = []
        for tenant in await tenants_of(parts, tenant_id):
            total = await checking.count(tenant)
            with counting(f"tenant {tenant}", total, "snapshots", quiet=as_json) as tell:
                found.append(await checking.run(tenant, drop=drop, tell=tell))
        return found

    found = with_services(data, do)
    if as_json:
        print_json(found)
    for each in [] if as_json else found:
        for x in each.differing:
            console.print(f"[red]✗[/red] {x.stream} at version {x.version}: {x.how}", soft_wrap=True)
        aside = f"{each.outdated} of another form of the state, {each.erased} erased"
        verdict = (
            f"[red]{len(each.differing)} differ[/red], {each.dropped} removed"
            if each.differing
            else "[green]all are as replay has them[/green]"
        )
        console.print(
            f"tenant {each.tenant}: {each.snapshots} snapshots ({aside}): {verdict}", soft_wrap=True
        )
    sys.exit(1 if any(each.differing for each in found) else 0)
