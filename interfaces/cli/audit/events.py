"""`retrace events`: the log of a tenant, for people and for programs."""

from __future__ import annotations

import asyncio
from datetime import datetime
from pathlib import Path
from uuid import UUID

import click
import msgspec

from application.audit.reading import EventQuery, LogRead
from application.base.shown_event import shown_event
from domain.base.errors import Ahead
from domain.base.plain_digits import to_json
from domain.base.recorded import Recorded
from interfaces.bootstrap import Services
from interfaces.cli.audit.record import on_record
from interfaces.cli.base import console, data_option, json_option, tenant_option, with_services
from interfaces.http.audit.cloudevent import cloud_event

FORMATS = ["%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M:%S.%f%z"]
POLL = 0.3
"""Seconds after which a follower looks again."""


@click.command()
@tenant_option
@click.option("--stream", help="only this one, as conversation/0190…")
@click.option("--kind", help="only this kind, as conversation.answered")
@click.option("--actor", help="only what this one did, as key:ID, customer, system:PART")
@click.option("--correlation", type=click.UUID, help="only what came of this request")
@click.option("--since-time", type=click.DateTime(FORMATS), help="recorded then or later")
@click.option("--until-time", type=click.DateTime(FORMATS), help="recorded then or before")
@click.option("--since", type=click.IntRange(0), default=0, help="only what follows this position")
@click.option("--follow", is_flag=True, help="go on with what comes")
@click.option("--cloudevents", is_flag=True, help="print CloudEvents, one a line")
@data_option
@json_option
def events(
    tenant_id: UUID,
    stream: str | None,
    kind: str | None,
    actor: str | None,
    correlation: UUID | None,
    since_time: datetime | None,
    until_time: datetime | None,
    since: int,
    follow: bool,
    cloudevents: bool,
    data: Path | None,
    as_json: bool,
) -> None:
    """The log of a tenant. Reading it is put on record there."""
    query = EventQuery(
        stream=stream, kind=kind, actor=actor, correlation=correlation, since=since_time, until=until_time
    )
    wanted = query.wanted()
    show = _print_cloud_event if cloudevents else _print_json if as_json else _print_line
    read = LogRead(route="retrace events", filters=query.filters())

    async def do(parts: Services) -> None:
        after = since
        async with on_record(parts, tenant_id, read, begin=follow):
            end = await parts.reads.head(tenant_id)
            while True:
                if after > end:
                    raise Ahead(after, end)
                async for found in parts.store.find(tenant_id, wanted, after=after, until=end):
                    read.given(found.events)
                    after = found.reached
                    for recorded in found.events:
                        show(recorded)
                if not follow:
                    return
                await asyncio.sleep(POLL)
                end = await parts.reads.head(tenant_id)

    with_services(data, do)


def _print_cloud_event(recorded: Recorded) -> None:
    click.echo(to_json(cloud_event(recorded)))


def _print_json(recorded: Recorded) -> None:
    shown = msgspec.structs.asdict(shown_event(recorded))
    click.echo(to_json({"stream": shown["stream"], "tenant": recorded.tenant, **shown}))


def _print_line(recorded: Recorded) -> None:
    at = recorded.recorded_at.isoformat(timespec="milliseconds")
    stream = f"{recorded.topic.partition('.')[0]}/{recorded.stream}"
    cause = "" if recorded.causation is None else f" of {recorded.causation}"
    console.print(
        f"{recorded.position:>7}  {at}  {recorded.topic:<34} {stream} v{recorded.version}  {recorded.actor}  "
        f"{recorded.id}{cause}"
    )
