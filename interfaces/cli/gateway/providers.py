"""Commands for providers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from uuid import UUID

import click

from application.gateway.health import HealthReset, ResetHealth, reset_health
from application.ports import Place
from domain.base.context import Context
from domain.gateway.health import Lately, Window
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


@click.group()
def providers() -> None:
    """How the providers do."""


@providers.command("health")
@data_option
@json_option
def health(data: Path | None, as_json: bool) -> None:
    """Each model's last minute, seen by all processes: calls, success, latency, and whether it is left alone."""

    async def do(parts: Services) -> tuple[Mapping[Place, Lately], datetime]:
        return await parts.health.all(), parts.clock()

    found, at = with_services(data, do)
    now = at.timestamp()
    rows = [
        {
            "provider": place.provider,
            "model": place.model,
            "tenant": place.owner,
            "state": lately.state(now),
            "calls": window.calls,
            "success_rate": window.success_rate,
            "p50_ms": window.percentile(0.5),
            "p95_ms": window.percentile(0.95),
            "seconds": max(0.0, round(lately.until - now, 1)),
            "reason": lately.reason,
        }
        for place, lately in sorted(found.items(), key=lambda item: (item[0].id, str(item[0].owner)))
        for window in (Window.of(lately, now),)
    ]
    if as_json:
        print_json(rows)
    elif rows:
        print_table(None, list(rows[0]), [list(row.values()) for row in rows])
    else:
        console.print("no provider was called within an hour")


@providers.command("reset")
@click.argument("name")
@tenant_option
@data_option
@json_option
def reset(name: str, tenant_id: UUID, data: Path | None, as_json: bool) -> None:
    """Let a provider, or a model (NAME is provider or provider/model), be asked again at once. It is recorded in the tenant's log."""
    provider, _, model = name.partition("/")

    async def do(parts: Services) -> HealthReset:
        context = Context(tenant=tenant_id, actor="operator:cli", correlation=parts.ids())
        return await reset_health(
            ResetHealth(provider=provider, model=model or None),
            context,
            places=[place for place in await parts.health.all() if place.owner in (None, tenant_id)],
            health=parts.health,
            store=parts.store,
            clock=parts.clock,
        )

    done = with_services(data, do)
    places = done.places
    if as_json:
        print_json({"places": [place.id for place in places], "position": done.position or None})
        return
    if not places:
        console.print(f"nothing is known of {name}: it was not called within an hour", markup=False)
    for place in places:
        console.print(f"{place.id} is asked again", markup=False)
