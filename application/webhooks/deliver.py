"""Delivery of webhooks: one line after the other's order, at least once, tried again with back-off, given up as a dead letter.

A delivery's id is the event's: whoever gets it twice sees that by `webhook-id`.
"""

from __future__ import annotations

import hashlib
import random
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from application.base.setting import change_setting, latest_setting, load_setting
from application.base.shown_event import shown_event
from application.ports import Line, Told, Wanted
from application.webhooks.endpoint import Ports
from domain.base.context import Context
from domain.base.errors import NotFound
from domain.base.plain_digits import to_json
from domain.base.recorded import Recorded
from domain.base.signing import headers
from domain.kinds import TOPICS
from domain.webhooks.retries import DISABLED_AFTER, wait
from domain.webhooks.webhooks import GONE, Endpoint, Webhooks

AT_ONCE = 200
"""Deliveries of one try at the work; then others have their turn."""

SETTLING = timedelta(seconds=5)
"""After which it is looked once more: until then a process may not have heard that a line has begun, or what it wants."""


LOOK = timedelta(seconds=1)
"""Until which every process sees what an endpoint was changed to."""


class DeliverWebhooks(msgspec.Struct, frozen=True, kw_only=True):
    """`line`: an endpoint's id, or `id/first/last` for a replay."""

    line: str


async def deliver_webhooks(command: DeliverWebhooks, context: Context, ports: Ports) -> datetime | None:
    """Tell a line's endpoint what it has not been told; returns when to go on, None where all is told."""
    tenant, (id, first, last) = context.tenant, _parsed(command.line)
    webhooks = await load_setting(Webhooks, tenant, store=ports.store)
    endpoint = webhooks.state.endpoints.get(id) if webhooks is not None else None
    if endpoint is None or (endpoint.disabled is not None and last is not None):
        await ports.webhook_lines.end(tenant, command.line)
        return None
    topics = () if endpoint.disabled is not None else endpoint.topics(TOPICS)
    start = endpoint.since if first is None else first - 1
    target = hashlib.sha256(f"{endpoint.disabled is None} {endpoint.url}".encode()).digest()
    line = await ports.webhook_lines.begin(tenant, command.line, topics, target, position=start, last=last)
    if not topics:
        return None
    if line.not_before is not None and line.not_before > ports.clock():
        return line.not_before
    again = await _tell_all(command.line, endpoint, line, context, ports)
    if again is not None:
        return again
    if last is not None:
        await ports.webhook_lines.end(tenant, command.line)
        return None
    settled = line.topics_at + SETTLING
    return settled if ports.clock() < settled else None


async def _tell_all(
    name: str, endpoint: Endpoint, line: Line, context: Context, ports: Ports
) -> datetime | None:
    """In order; until one is not taken."""
    tenant, lines = context.tenant, ports.webhook_lines
    until = line.head if line.last is None else line.last
    done, tries, refused = 0, line.tries, line.refused
    wanted = Wanted(topics=endpoint.topics(TOPICS))
    async for found in ports.store.find(tenant, wanted, after=line.position, until=until):
        for recorded in found.events:
            if line.last is None and not endpoint.tells(recorded.topic, recorded.position):
                continue
            if not await _unchanged(endpoint, tenant, ports):
                return ports.clock() + LOOK
            told = await _tell(endpoint, recorded, ports)
            if told.taken:
                await lines.advance(tenant, name, recorded.position, delivered=1)
                tries = refused = 0
            elif told.gone:
                await _disable(endpoint.id, GONE, context, ports)
                return None
            else:
                tries += 1
                pause = wait(tries, told.retry_after, random.random())
                if pause is not None:
                    not_before = ports.clock() + pause
                    await lines.fail(tenant, name, tries=tries, not_before=not_before, reason=told.reason)
                    return not_before
                refused += 1
                await _give_up(endpoint.id, recorded, tries, told.reason, context, ports)
                await lines.advance(tenant, name, recorded.position, delivered=0, refused=refused)
                if refused >= DISABLED_AFTER:
                    reason = f"{refused} events in a row were not taken: {told.reason}"
                    await _disable(endpoint.id, reason, context, ports)
                    return None
                tries = 0
            done += 1
        await lines.advance(tenant, name, found.reached, delivered=0, refused=refused)
        if done >= AT_ONCE:
            return ports.clock()
    return None


async def _unchanged(endpoint: Endpoint, tenant: UUID, ports: Ports) -> bool:
    """Whether it is to be told just so; seen within a second."""
    webhooks = await latest_setting(Webhooks, tenant, store=ports.store)
    now = webhooks.state.endpoints.get(endpoint.id) if webhooks is not None else None
    return now is not None and (now.url, now.kinds, now.disabled) == (
        endpoint.url,
        endpoint.kinds,
        endpoint.disabled,
    )


async def _tell(endpoint: Endpoint, recorded: Recorded, ports: Ports) -> Told:
    at, shown = ports.clock(), shown_event(recorded)
    body = to_json({"type": recorded.topic, "timestamp": recorded.recorded_at, "data": shown})
    fields = headers(str(recorded.id), at, body, endpoint.secrets(at))
    return await ports.webhook_sender.send(endpoint.url, fields, body)


async def _give_up(
    id: UUID, recorded: Recorded, tries: int, reason: str, context: Context, ports: Ports
) -> None:
    def decide(webhooks: Webhooks) -> None:
        if id in webhooks.state.endpoints:
            webhooks.give_up(
                id, recorded.position, kind=recorded.topic, tries=tries, reason=reason, at=ports.clock()
            )

    await change_setting(Webhooks, decide, context, store=ports.store, clock=ports.clock)


async def _disable(id: UUID, reason: str, context: Context, ports: Ports) -> None:
    def decide(webhooks: Webhooks) -> None:
        if id in webhooks.state.endpoints:
            webhooks.disable(id, reason, ports.clock())

    await change_setting(Webhooks, decide, context, store=ports.store, clock=ports.clock)


def _parsed(line: str) -> tuple[UUID, int | None, int | None]:
    """Endpoint, and a replay's range. Raises NotFound."""
    id, *ends = line.split("/")
    try:
        first, last = map(int, ends) if ends else (None, None)
        return UUID(id), first, last
    except ValueError:
        raise NotFound(f"there is no line of deliveries {line[:100]!r}") from None
