"""Endpoints of webhooks: added, changed, enabled, given another secret, removed; and what lies behind is told again."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Protocol
from uuid import UUID

import msgspec

from application.base.setting import Changed, change_setting, load_setting
from application.ports import WEBHOOK_WORK, Clock, Due, Ids, Lines, Store, WebhookSender
from domain.base.context import Context
from domain.base.errors import Invalid, Refused
from domain.base.signing import secret_of
from domain.kinds import TOPICS
from domain.webhooks.webhooks import Endpoint, Webhooks

SECRET = 32
"""Bytes."""

REPLAYS = 3
"""Of one endpoint at once."""


class Ports(Protocol):
    """What the commands need."""

    @property
    def store(self) -> Store: ...
    @property
    def webhook_lines(self) -> Lines: ...
    @property
    def webhook_sender(self) -> WebhookSender: ...
    @property
    def clock(self) -> Clock: ...
    @property
    def ids(self) -> Ids: ...


class AddWebhook(msgspec.Struct, frozen=True, kw_only=True):
    """`secret` as `whsec_…`; None: one is drawn."""

    url: str
    kinds: tuple[str, ...]
    description: str = ""
    secret: str | None = None

    def __repr__(self) -> str:
        return f"AddWebhook(url={self.url!r})"


class ChangeWebhook(msgspec.Struct, frozen=True, kw_only=True):
    """`enabled` True: what happened since it was disabled is told first."""

    endpoint: UUID
    url: str
    kinds: tuple[str, ...]
    description: str = ""
    enabled: bool = True


class ReplayWebhook(msgspec.Struct, frozen=True, kw_only=True):
    """Positions of the log, both included."""

    endpoint: UUID
    first: int
    last: int


class Stands(msgspec.Struct, frozen=True, kw_only=True):
    """`position` is 0 where nothing was changed."""

    endpoint: Endpoint
    version: int
    position: int


async def add_webhook(command: AddWebhook, context: Context, ports: Ports) -> Stands:
    """Events from now on are told to it. Raises Invalid, Refused."""
    id, since = ports.ids(), await _head(context.tenant, ports)
    secret = secrets.token_bytes(SECRET) if command.secret is None else secret_of(command.secret)

    def decide(webhooks: Webhooks) -> None:
        webhooks.add(
            id,
            url=command.url,
            kinds=command.kinds,
            description=command.description,
            secret=secret,
            since=since,
            known=TOPICS,
            at=ports.clock(),
        )

    decide(Webhooks.begin(context.tenant, ports.clock()))  # what is wrong by itself is told first
    await ports.webhook_sender.check(command.url)
    return _stands(id, await _change(id, decide, context, ports))


async def change_webhook(command: ChangeWebhook, context: Context, ports: Ports) -> Stands:
    """Raises Invalid, Refused, NotFound."""
    id, since = command.endpoint, await _head(context.tenant, ports)

    def decide(webhooks: Webhooks) -> None:
        webhooks.change(
            id,
            url=command.url,
            kinds=command.kinds,
            description=command.description,
            since=since,
            known=TOPICS,
            at=ports.clock(),
        )
        if command.enabled:
            webhooks.enable(id, ports.clock())
        else:
            webhooks.disable(id, "by hand", ports.clock())

    known = await load_setting(Webhooks, context.tenant, store=ports.store)
    decide(known or Webhooks.begin(context.tenant, ports.clock()))  # what is wrong by itself is told first
    await ports.webhook_sender.check(command.url)
    return _stands(id, await _change(id, decide, context, ports))


async def rotate_webhook(endpoint: UUID, context: Context, ports: Ports) -> Stands:
    """Give it another secret; for a day the earlier one signs as well. Raises NotFound."""
    secret = secrets.token_bytes(SECRET)
    changed = await _change(endpoint, lambda w: w.rotate(endpoint, secret, ports.clock()), context, ports)
    return _stands(endpoint, changed)


async def remove_webhook(endpoint: UUID, context: Context, ports: Ports) -> int:
    """Nothing is told to it any more. Returns the position. Raises NotFound."""
    return (await _change(endpoint, lambda w: w.remove(endpoint, ports.clock()), context, ports)).position


async def replay_webhook(command: ReplayWebhook, context: Context, ports: Ports) -> int:
    """Tell it once more what lies in a range, under the same ids, beside what is new. Returns the position. Raises NotFound, Invalid,
    Refused."""
    first, last, id = command.first, command.last, command.endpoint
    if last > (head := await _head(context.tenant, ports)):
        raise Invalid(f"the log ends at position {head}")
    line = f"{id.hex}/{first}/{last}"
    under_way = [
        each for each in await ports.webhook_lines.all(context.tenant) if each.startswith(f"{id.hex}/")
    ]
    if len(under_way) >= REPLAYS and line not in under_way:
        raise Refused(f"{REPLAYS} replays of this webhook are under way; wait until one has ended")
    changed = await _change(
        id, lambda w: w.replay_range(id, first, last, ports.clock()), context, ports, line
    )
    return changed.position


async def _change(
    endpoint: UUID,
    decide: Callable[[Webhooks], None],
    context: Context,
    ports: Ports,
    line: str | None = None,
) -> Changed[Webhooks]:
    """Its line is looked at afterwards, so that what was decided comes about."""
    work = [Due(kind=WEBHOOK_WORK, key=line or endpoint.hex, due_at=ports.clock())]
    return await change_setting(Webhooks, decide, context, store=ports.store, clock=ports.clock, work=work)


def _stands(id: UUID, changed: Changed[Webhooks]) -> Stands:
    return Stands(endpoint=changed.setting.endpoint(id), version=changed.version, position=changed.position)


async def _head(tenant: UUID, ports: Ports) -> int:
    return await ports.webhook_lines.head(tenant)
