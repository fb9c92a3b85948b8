"""Webhooks of a tenant's apps as they go over HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from application.ports import Line
from domain.webhooks.webhooks import DeadLetter, Endpoint
from interfaces.http.base.position import LONGEST

Url = Annotated[str, Meta(min_length=1, max_length=1000)]


Kind = Annotated[str, Meta(min_length=1, max_length=100)]


Kinds = Annotated[tuple[Kind, ...], Meta(min_length=1, max_length=100)]


Description = Annotated[str, Meta(max_length=200)]


Position = Annotated[int, Meta(ge=1, le=LONGEST)]


class WebhookIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`events`: kinds as in the log, as conversation.answered, or conversation.* for all of a conversation. `secret`: as whsec_…, left out
    one is made."""

    url: Url
    events: Kinds
    description: Description = ""
    secret: Annotated[str, Meta(max_length=200)] | None = None

    def __repr__(self) -> str:
        return f"WebhookIn(url={self.url!r})"


class WebhookChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`enabled` true also after it was disabled because it took nothing: what happened since then is told first."""

    url: Url
    events: Kinds
    description: Description = ""
    enabled: bool = True


class RangeIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Positions of the log, both included."""

    first: Position
    last: Position


class ProgressOut(msgspec.Struct, frozen=True, kw_only=True):
    """`position`: all up to it is done with. `tries` of the next event so far, why the last one failed, and when the next one is."""

    position: int
    delivered: int
    delivered_at: datetime | None
    tries: int
    reason: str | None
    next_try_at: datetime | None


class WebhookOut(msgspec.Struct, frozen=True, kw_only=True):
    """`disabled`: why nothing is sent to it; null where it is. `progress` is null until it was looked at for the first time.
    `dead_letters`: the last events that it did not take; a replay tells them once more. `replays` that are under way, as first/last."""

    id: UUID
    url: str
    events: tuple[str, ...]
    description: str
    disabled: str | None
    added_at: datetime
    earlier_secret_until: datetime | None
    progress: ProgressOut | None
    dead_letters: tuple[DeadLetter, ...]
    replays: tuple[str, ...]


class SecretOut(msgspec.Struct, frozen=True, kw_only=True):
    """`secret` is shown this once: what deliveries are verified with."""

    id: UUID
    url: str
    events: tuple[str, ...]
    secret: str

    def __repr__(self) -> str:
        return f"SecretOut(id={self.id!r})"


def shown_webhook(endpoint: Endpoint, lines: Mapping[str, Line]) -> WebhookOut:
    line = lines.get(endpoint.id.hex)
    progress = None
    if line is not None:
        progress = ProgressOut(
            position=line.position,
            delivered=line.delivered,
            delivered_at=line.told_at,
            tries=line.tries,
            reason=line.reason,
            next_try_at=line.not_before,
        )
    begins = f"{endpoint.id.hex}/"
    return WebhookOut(
        id=endpoint.id,
        url=endpoint.url,
        events=endpoint.kinds,
        description=endpoint.description,
        disabled=endpoint.disabled,
        added_at=endpoint.added_at,
        earlier_secret_until=endpoint.earlier_until,
        progress=progress,
        dead_letters=tuple(endpoint.dead),
        replays=tuple(name.removeprefix(begins) for name in lines if name.startswith(begins)),
    )
