"""The log: administrative actions, and all events. Each look is itself on record, as `audit.read`."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from interfaces.http.audit import events
from interfaces.http.console.screens.screen import Screen


class ActionsWanted(msgspec.Struct, frozen=True, kw_only=True):
    """Fields of the audit log."""

    actor: str | None = None
    """As operator:ID, key:ID, system:PART."""

    kind: str | None = None
    """As operator.roles_changed."""

    since: datetime | None = None
    """In UTC."""

    until: datetime | None = None
    """In UTC."""


class EventsWanted(ActionsWanted, frozen=True, kw_only=True):
    """Fields of the event explorer."""

    stream: str | None = None
    """As conversation/ID."""

    before: Annotated[int, Meta(ge=1, le=2**62)] | None = None
    """A position: only what is before it."""

    correlation: str | None = None
    """The X-Request-ID of the request that began it all."""


SCREENS = (
    Screen(
        path="/console/audit",
        template="administration/audit.html",
        reads={"events": events.latest},
        given={"administrative": True},
        filters=ActionsWanted,
    ),
    Screen(
        path="/console/events",
        template="administration/events.html",
        reads={"events": events.latest},
        filters=EventsWanted,
    ),
)
