"""`retrace events`: the log of a tenant, for people and for programs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
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
from infra.postgres.directory import HERE
from interfaces.bootstrap import Services
from interfaces.cli.audit.look import tenant_or_all
from interfaces.cli.audit.record import on_record
from interfaces.cli.base import console, data_option, json_option, with_services
from interfaces.http.audit.cloudevent import cloud_event

FORMATS = ["%Y-%m-%dT%H:%M:%S%z", "%Y-%m-%dT%H:%M:%S.%f%z"]
POLL = 0.3
"""Seconds after which a follower looks again."""


@click.command()
@tenant_or_all
@click.option("--stream", help="only this one, as conversation/0190…")
@click.option("--kind", help="only this kind, as conversation.answered")
@click.option("--actor", help="only what this one did, as key:ID, customer, system:PART")
@click.option("--correlation", type=click.UUID, help="only what came of this request")
@click.option("--since-time", type=click.DateTime(FORMATS), help="recorded then or later")
@click.option("--until-time", type=click.DateTime(FORMATS), help="recorded then or before")
@click.option(
    "--since", type=click.IntRange(0), default=0, help="only what follows this position; with --tenant"
)
@click.option("--follow", is_flag=True, help="go on with what comes")
@click.option("--cloudevents", is_flag=True, help="print CloudEvents, one a line")
@data_option
@json_option
def events(
    tenant_id: UUID | None,
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
    """The log of a tenant, or of each of them, one after the other. Reading it is put on record there."""
    if since and tenant_id is None:
        raise click.UsageError(
            "--since is a position of one tenant's log: name it by --tenant, or give --since-time"
        )
    query = EventQuery(
        stream=stream, kind=kind, actor=actor, correlation=correlation, since=since_time, until=until_time
    )
    query.wanted()
    line = _print_line if tenant_id is not None else _print_line_of_tenant
    show = _print_cloud_event if cloudevents else _print_json if as_json else line

    async def do(parts: Services) -> None:
        async with AsyncExitStack() as stack:
            logs: dict[UUID, _Log] = {}
            while True:
                for tenant, end in (await _ends(parts, tenant_id)).items():
                    if tenant not in logs:
                        logs[tenant] = _Log(parts, tenant, since, query)
                        await stack.enter_async_context(logs[tenant].on_record(begin=follow))
                    await logs[tenant].print(end, show)
                    if not follow:
                        await stack.aclose()
                if not follow:
                    return
                await asyncio.sleep(POLL)

    with_services(data, do)


async def _ends(parts: Services, tenant: UUID | None) -> dict[UUID, int]:
    """Of the named tenant, or of all that are here, where its log ends."""
    if tenant is not None:
        return {tenant: await parts.reads.head(tenant)}
    async with parts.system.system() as connection:
        query = f"SELECT tenant, seq FROM heads WHERE {HERE} ORDER BY tenant"
        return dict(await (await connection.execute(query.encode())).fetchall())


class _Log:
    """A tenant's log, printed bit by bit."""

    def __init__(self, parts: Services, tenant: UUID, after: int, query: EventQuery) -> None:
        self._parts, self._tenant, self._after = parts, tenant, after
        self._wanted = query.wanted()
        self._read = LogRead(route="retrace events", filters=query.filters())

    def on_record(self, *, begin: bool) -> AbstractAsyncContextManager[None]:
        return on_record(self._parts, self._tenant, self._read, begin=begin)

    async def print(self, end: int, show: Callable[[Recorded], None]) -> None:
        """What is wanted up to `end`. Raises Ahead."""
        if self._after > end:
            raise Ahead(self._after, end)
        async for found in self._parts.store.find(self._tenant, self._wanted, after=self._after, until=end):
            self._read.given(found.events)
            self._after = found.reached
            for recorded in found.events:
                show(recorded)


def _print_cloud_event(recorded: Recorded) -> None:
    click.echo(to_json(cloud_event(recorded)))


def _print_json(recorded: Recorded) -> None:
    shown = msgspec.structs.asdict(shown_event(recorded))
    click.echo(to_json({"stream": shown["stream"], "tenant": recorded.tenant, **shown}))


def _print_line_of_tenant(recorded: Recorded) -> None:
    console.print(recorded.tenant, end=" ")
    _print_line(recorded)


def _print_line(recorded: Recorded) -> None:
    at = recorded.recorded_at.isoformat(timespec="milliseconds")
    stream = f"{recorded.topic.partition('.')[0]}/{recorded.stream}"
    cause = "" if recorded.causation is None else f" of {recorded.causation}"
    console.print(
        f"{recorded.position:>7}  {at}  {recorded.topic:<34} {stream} v{recorded.version}  {recorded.actor}  "
        f"{recorded.id}{cause}"
    )
