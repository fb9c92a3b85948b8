"""Commands that look into the log."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import click

from application.explanation import Explanation, explain
from domain.base import Aggregate, aggregate_class
from domain.errors import NotFound
from domain.recorded import Recorded
from interfaces.bootstrap import Services
from interfaces.cli.base import (
    console,
    data_option,
    json_option,
    print_json,
    print_table,
    stream_of,
    tenant_option,
    with_services,
)
from interfaces.http.event import shown_event

tenant_or_all = click.option(
    "--tenant", "tenant_id", type=click.UUID, help="the tenant's id; otherwise all tenants are tried"
)


async def tenants_of(parts: Services, tenant_id: UUID | None) -> list[UUID]:
    """The named tenant, or all."""
    if tenant_id is not None:
        return [tenant_id]
    async with parts.system.system() as connection:
        rows = await (await connection.execute("SELECT tenant FROM heads ORDER BY tenant")).fetchall()
    return [row[0] for row in rows]


@click.command()
@tenant_option
@click.option("--stream", help="only this one, as conversation/0190…")
@click.option("--kind", help="only this kind, as conversation.answered")
@click.option("--since", type=click.IntRange(0), default=0, help="only what follows this position")
@click.option("--follow", is_flag=True, help="go on with what comes")
@data_option
@json_option
def events(
    tenant_id: UUID,
    stream: str | None,
    kind: str | None,
    since: int,
    follow: bool,
    data: Path | None,
    as_json: bool,
) -> None:
    """The log of a tenant."""
    wanted = stream_of(stream)[1] if stream else None

    async def do(parts: Services) -> None:
        after = since
        while True:
            async for recorded in _chosen(parts, tenant_id, wanted, kind, after):
                after = recorded.position
                _print_event(recorded, as_json)
            if not follow:
                return
            await asyncio.sleep(0.3)

    with_services(data, do)


async def _chosen(
    parts: Services, tenant: UUID, stream: UUID | None, kind: str | None, after: int
) -> AsyncIterator[Recorded]:
    async for recorded in parts.store.events(tenant, after=after, topics=(kind,) if kind else ()):
        if stream is None or recorded.stream == stream:
            yield recorded


def _print_event(recorded: Recorded, as_json: bool) -> None:
    if as_json:
        import msgspec

        shown = {"stream": f"{recorded.topic.partition('.')[0]}/{recorded.stream}", "tenant": recorded.tenant}
        click.echo(msgspec.json.encode({**shown, **_plain(shown_event(recorded))}).decode())
        return
    at = recorded.recorded_at.isoformat(timespec="milliseconds")
    stream = f"{recorded.topic.partition('.')[0]}/{recorded.stream}"
    console.print(
        f"{recorded.position:>7}  {at}  {recorded.topic:<34} {stream} v{recorded.version}  {recorded.actor}"
    )


def _plain(struct: Any) -> dict[str, Any]:
    import msgspec

    return msgspec.structs.asdict(struct)


@click.command()
@click.argument("stream")
@tenant_or_all
@click.option("--version", type=click.IntRange(1), help="as of this version")
@click.option(
    "--at", type=click.DateTime(["%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M:%S.%f%z"]), help="as of this time"
)
@click.option("--position", type=click.IntRange(1), help="as of this position of the tenant's log")
@data_option
@json_option
def show(
    stream: str,
    tenant_id: UUID | None,
    version: int | None,
    at: datetime | None,
    position: int | None,
    data: Path | None,
    as_json: bool,
) -> None:
    """The state of an aggregate, now or in time. STREAM is kind/id."""
    kind, id = stream_of(stream)

    async def do(parts: Services) -> Aggregate[Any]:
        cls = aggregate_class(kind)
        for tenant in await tenants_of(parts, tenant_id):
            until = version
            if at is not None or position is not None:
                until = await _version(parts, tenant, id, at, position)
            try:
                return await parts.store.load(cls, id, tenant=tenant, version=until)
            except NotFound:
                continue
        raise NotFound(f"there is no {stream} at that point")

    try:
        aggregate_class(kind)
    except Exception as error:
        raise click.BadParameter(f"there is no kind {kind!r}") from error
    found = with_services(data, do)
    shown = {
        "stream": stream,
        "version": found.version,
        "modified_at": found.modified_on,
        "state": found.state,
    }
    if as_json:
        print_json(shown)
    else:
        console.print(f"{stream} at version {found.version}, {found.modified_on.isoformat()}", style="bold")
        print_json(found.state)


async def _version(
    parts: Services, tenant: UUID, stream: UUID, at: datetime | None, position: int | None
) -> int:
    """The last version at a time or position; 0 when there was none yet."""
    last = 0
    async for recorded in parts.store.stream(tenant, stream):
        if (at is not None and recorded.recorded_at > at) or (
            position is not None and recorded.position > position
        ):
            break
        last = recorded.version
    if last == 0:
        raise NotFound("this stream did not exist yet")
    return last


@click.command()
@click.argument("interaction", type=click.UUID)
@tenant_or_all
@data_option
@json_option
def why(interaction: UUID, tenant_id: UUID | None, data: Path | None, as_json: bool) -> None:
    """Why did it say this? From events alone."""

    async def do(parts: Services) -> Explanation:
        for tenant in await tenants_of(parts, tenant_id):
            try:
                return await explain(tenant, interaction, store=parts.store, locator=parts.locator)
            except NotFound:
                continue
        raise NotFound(
            f"there is no interaction {interaction}; a moment ago it may not have been projected yet"
        )

    found = with_services(data, do)
    if as_json:
        print_json(found)
    else:
        print_why(found)


def print_why(found: Explanation) -> None:
    """An explanation for people."""
    console.print(f"interaction {found.interaction} · {found.status}", style="bold")
    for message in found.messages:
        console.print(f"  customer: {message.text}", markup=False)
    if found.disclosure:
        console.print(f"  disclosed: {found.disclosure}", markup=False)
    if found.answer is not None:
        console.print(f"  agent: {found.answer}", markup=False)
    if found.routing:
        console.print(f"  model: {found.routing.model}, because it is {found.routing.reason}")
    attempts = [
        [
            a.provider,
            a.served or a.model,
            a.outcome,
            f"{a.latency_ms:.1f} ms",
            a.usage.input,
            a.usage.output,
            f"${a.cost}",
            a.price,
        ]
        for a in found.attempts
    ]
    print_table(
        "attempts", ["provider", "model", "outcome", "latency", "in", "out", "cost", "price"], attempts
    )
    passages = [
        [
            p.retrieved.rank,
            p.retrieved.title,
            p.retrieved.page,
            f"{p.retrieved.score:.3f}",
            "yes" if p.cited else "",
        ]
        for p in found.passages
    ]
    print_table("passages in the prompt", ["rank", "document", "page", "score", "cited"], passages)
    threshold = f" (threshold {found.confidence_threshold})" if found.confidence_threshold is not None else ""
    console.print(
        f"  confidence {found.confidence}{threshold}, handoff: {found.handoff or 'none'}, cost ${found.cost}"
    )
    console.print(f"  prompt: template {found.template}, configuration version {found.configuration_version}")
    rows = [
        [e.position, e.kind, e.recorded_at.isoformat(timespec="milliseconds"), e.actor, e.hash[:16]]
        for e in found.evidence
    ]
    print_table("events", ["position", "kind", "recorded at", "actor", "hash"], rows)
