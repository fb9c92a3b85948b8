"""What was used, and what it cost."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import click

from domain.tenancy.tenant import Tenant
from interfaces.bootstrap import Services
from interfaces.cli.base import (
    console,
    data_option,
    json_option,
    print_json,
    print_table,
    tenant_option,
    with_services,
)
from projections import usage as used
from projections.costs import Costs
from projections.period import period
from projections.usage import By, Per, Usage

COLUMNS = [
    "since",
    "provider",
    "model",
    "calls",
    "failed",
    "cached",
    "in",
    "out",
    "cost",
    "average",
    "p95",
    "helpful",
]
_DAY = click.DateTime(formats=["%Y-%m-%d"])


@click.command()
@tenant_option
@click.option("--since", type=_DAY, help="first day (UTC), as 2026-01-31; by default 30 days before --until")
@click.option("--until", type=_DAY, help="the day after the last one; by default tomorrow")
@click.option("--by", type=click.Choice(["day", "month", "all"]), default="day", show_default=True)
@click.option("--per", type=click.Choice(["model", "provider", "tenant"]), default="model", show_default=True)
@data_option
@json_option
def usage(
    tenant_id: UUID,
    since: datetime | None,
    until: datetime | None,
    by: By,
    per: Per,
    data: Path | None,
    as_json: bool,
) -> None:
    """Calls, failures, tokens, cost, latency and ratings of a tenant's providers, by day or month."""

    async def do(parts: Services) -> list[Usage]:
        await parts.store.load(Tenant, tenant_id, tenant=tenant_id)  # there is such a tenant
        start, end = period(
            since.date() if since else None, until.date() if until else None, datetime.now(UTC).date()
        )
        async with parts.reads.at(tenant_id, Costs()) as sql:
            return await used.usage(sql, tenant_id, since=start, until=end, by=by, per=per)

    found = with_services(data, do)
    if as_json:
        print_json(found)
        return
    rows = [
        [
            each.since,
            each.provider,
            each.model,
            each.calls,
            each.failures,
            each.cached_calls,
            each.input_tokens,
            each.output_tokens,
            f"${each.cost}",
            _ms(each.average_ms),
            _ms(each.p95_ms),
            "–" if each.feedback_score is None else f"{each.feedback_score:.0%} of {each.rated}",
        ]
        for each in found
    ]
    print_table(None, COLUMNS, rows)
    _print_notes(found)


def _print_notes(found: list[Usage]) -> None:
    """Which prices the sums go by, and which calls say less than others."""
    if charged := sorted({price for each in found for price in each.prices}):
        console.print(f"  at the prices {', '.join(charged)}", style="dim", markup=False)
    for what, why in (
        ("unclear_calls", "were counted in a form that fits none we know, and charged by the larger reading"),
        ("estimated_calls", "were counted by ourselves"),
        ("unpriced_calls", "have no price, and stand with nothing in the cost"),
    ):
        if calls := sum(getattr(each, what) for each in found):
            console.print(f"  {calls} of these calls {why}", style="dim")


def _ms(latency: float | None) -> str:
    """A dash where there are too few calls."""
    return "–" if latency is None else f"{latency:.0f} ms"
