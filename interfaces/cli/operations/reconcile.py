"""The command that proves that the figures of the read models equal the events."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from uuid import UUID

import click

from infra.projections.reconciling import Reconciled
from infra.projections.reconciling import reconcile as reconciled
from interfaces.bootstrap import Services
from interfaces.cli.audit.look import tenant_or_all, tenants_of
from interfaces.cli.bar import counting
from interfaces.cli.base import console, data_option, json_option, print_json, print_table, with_services


@click.command()
@tenant_or_all
@click.option("--rows", type=click.IntRange(0, 100_000), default=100, show_default=True, help="rows shown")
@data_option
@json_option
def reconcile(tenant_id: UUID | None, rows: int, data: Path | None, as_json: bool) -> None:
    """Compute each figure of analytics, usage and costs again from the events, and compare it with the read models. Exit status 1: one differs."""

    ends: dict[UUID, int] = {}

    async def do(parts: Services) -> list[Reconciled]:
        found = []
        for tenant in await tenants_of(parts, tenant_id):
            ends[tenant] = await parts.reads.head(tenant)
            with counting(f"tenant {tenant}", ends[tenant], "events", quiet=as_json) as tell:
                found += await reconciled(tenant, database=parts.database, reader=parts.reader, tell=tell)
        return found

    found = with_services(data, do)
    differing = sum(len(each.differences) for each in found)
    if as_json:
        print_json(
            {"figures": sum(each.figures for each in found), "differing": differing, "read_models": found}
        )
    else:
        _print(found, rows, differing)
        _print_behind(found, ends)
    if differing:
        sys.exit(1)


def _print(found: list[Reconciled], rows: int, differing: int) -> None:
    shown = [
        [each.tenant, each.projection, one.table, one.key, one.figure, one.read_model, one.events]
        for each in found
        for one in each.differences
    ]
    if shown:
        columns = ["tenant", "projection", "table", "row", "figure", "read model", "events"]
        print_table("figures that differ", columns, shown[:rows])
        if len(shown) > rows:
            console.print(f"  and {len(shown) - rows} more (--rows)", style="dim")
        console.print(
            "  build them again: retrace projections rebuild NAME, then switch NAME",
            style="dim",
            soft_wrap=True,
        )
    for each in found:
        if each.parked:
            console.print(
                f"  tenant {each.tenant}: {each.parked} events of {each.projection} are parked; retrace projections retry",
                style="yellow",
                soft_wrap=True,
            )
    tenants = len({each.tenant for each in found})
    figures = sum(each.figures for each in found)
    console.print(f"{figures} figures of {tenants} tenants compared, {differing} differ", style="bold")


def _print_behind(found: list[Reconciled], ends: Mapping[UUID, int]) -> None:
    """What was not compared, because a read model does not know it yet."""
    for tenant, end in ends.items():
        last = min((each.position for each in found if each.tenant == tenant), default=0)
        if last < end:
            console.print(
                f"  tenant {tenant}: read models know the log up to position {last} of {end}; start a projector, or ask again",
                style="yellow",
                soft_wrap=True,
            )
