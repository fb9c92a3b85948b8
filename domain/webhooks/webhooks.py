"""A tenant's webhooks: the endpoints of its apps, and the events that each of them is told."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar
from urllib.parse import urlsplit
from uuid import UUID

import msgspec

from domain.base.aggregate import CreatedEvent
from domain.base.errors import Invalid, NotFound, Refused
from domain.base.one_per_tenant import OnePerTenant

MOST = 50
"""Endpoints of a tenant."""

KEPT = 50
"""Dead letters of an endpoint that the state tells; the log has all."""

OVERLAP = timedelta(hours=24)
"""For which the earlier secret still signs, beside the new one."""

GONE = "the endpoint has answered 410 Gone"


class DeadLetter(msgspec.Struct, frozen=True, kw_only=True):
    """An event that an endpoint did not take: `position` in the tenant's log, after how many tries, and what the last one came to."""

    position: int
    kind: str
    tries: int
    reason: str
    at: datetime


class Endpoint(msgspec.Struct, kw_only=True):
    """`kinds`: topics of events, or a topic's beginning and `.*`. `disabled`: why nothing is sent to it; None where it is."""

    id: UUID
    url: str
    kinds: tuple[str, ...]
    description: str = ""
    secret: bytes
    earlier: bytes | None = None
    earlier_until: datetime | None = None
    disabled: str | None = None
    since: int = 0
    """Events of later positions only; counted from the log's end when the endpoint was added."""

    kinds_since: dict[str, int] = {}
    """The same of kinds that were added later."""

    added_at: datetime
    dead: list[DeadLetter] = []

    def secrets(self, now: datetime) -> list[bytes]:
        """That sign now."""
        both = self.earlier is not None and self.earlier_until is not None and now < self.earlier_until
        return [self.secret, self.earlier] if both and self.earlier is not None else [self.secret]

    def topics(self, known: Collection[str]) -> tuple[str, ...]:
        """Those of `known` that it is told."""
        return tuple(sorted(topic for topic in known if any(_fits(topic, kind) for kind in self.kinds)))

    def tells(self, topic: str, position: int) -> bool:
        """Whether it is told an event: of what was before it wanted that kind it is not."""
        return any(_fits(topic, kind) and position > self.kinds_since.get(kind, 0) for kind in self.kinds)

    def __repr__(self) -> str:
        return f"Endpoint(id={self.id!r}, url={self.url!r})"


class WebhooksState(msgspec.Struct):
    endpoints: dict[UUID, Endpoint] = {}


class Webhooks(OnePerTenant[WebhooksState]):
    """One per tenant, from its first endpoint on."""

    TOPIC = "webhooks"
    State = WebhooksState

    class Event(OnePerTenant.Event, frozen=True, kw_only=True):
        pass

    class Begun(Event, CreatedEvent, frozen=True, kw_only=True):
        TOPIC: ClassVar[str] = "webhooks.begun"

    class EndpointAdded(Event, frozen=True, kw_only=True):
        """From position `since` on, events of these kinds are told to it."""

        TOPIC: ClassVar[str] = "webhooks.endpoint_added"
        endpoint: UUID
        url: str
        kinds: tuple[str, ...]
        description: str
        secret: bytes
        since: int

        def apply(self, aggregate: Webhooks) -> None:
            aggregate.state.endpoints[self.endpoint] = Endpoint(
                id=self.endpoint,
                url=self.url,
                kinds=self.kinds,
                description=self.description,
                secret=self.secret,
                since=self.since,
                added_at=self.timestamp,
            )

        def __repr__(self) -> str:
            return f"EndpointAdded(endpoint={self.endpoint!r}, url={self.url!r})"

    class EndpointChanged(Event, frozen=True, kw_only=True):
        """Of kinds that it was not told before it is told what lies behind position `since`."""

        TOPIC: ClassVar[str] = "webhooks.endpoint_changed"
        class_version: ClassVar[int] = 2
        endpoint: UUID
        url: str
        kinds: tuple[str, ...]
        description: str
        since: int = 0

        @staticmethod
        def upcast_v1_v2(facts: dict[str, Any]) -> None:
            """The first version told of new kinds what its line had not come to yet, which zero says."""

        def apply(self, aggregate: Webhooks) -> None:
            found = aggregate.state.endpoints[self.endpoint]
            since = {kind: self.since for kind in self.kinds if kind not in found.kinds}
            found.kinds_since = {
                kind: position for kind, position in (found.kinds_since | since).items() if kind in self.kinds
            }
            found.url, found.kinds, found.description = self.url, self.kinds, self.description

    class SecretRotated(Event, frozen=True, kw_only=True):
        """Until `earlier_until` deliveries are signed with both."""

        TOPIC: ClassVar[str] = "webhooks.secret_rotated"
        endpoint: UUID
        secret: bytes
        earlier_until: datetime

        def apply(self, aggregate: Webhooks) -> None:
            found = aggregate.state.endpoints[self.endpoint]
            found.earlier, found.earlier_until, found.secret = found.secret, self.earlier_until, self.secret

        def __repr__(self) -> str:
            return f"SecretRotated(endpoint={self.endpoint!r})"

    class EndpointDisabled(Event, frozen=True, kw_only=True):
        """Nothing is sent to it any more. What happens meanwhile is told when it is enabled again."""

        TOPIC: ClassVar[str] = "webhooks.endpoint_disabled"
        PERSONAL: ClassVar[bool] = False
        endpoint: UUID
        reason: str

        def apply(self, aggregate: Webhooks) -> None:
            aggregate.state.endpoints[self.endpoint].disabled = self.reason

    class EndpointEnabled(Event, frozen=True, kw_only=True):
        TOPIC: ClassVar[str] = "webhooks.endpoint_enabled"
        PERSONAL: ClassVar[bool] = False
        endpoint: UUID

        def apply(self, aggregate: Webhooks) -> None:
            aggregate.state.endpoints[self.endpoint].disabled = None

    class EndpointRemoved(Event, frozen=True, kw_only=True):
        TOPIC: ClassVar[str] = "webhooks.endpoint_removed"
        PERSONAL: ClassVar[bool] = False
        endpoint: UUID

        def apply(self, aggregate: Webhooks) -> None:
            aggregate.state.endpoints.pop(self.endpoint, None)

    class DeadLettered(Event, frozen=True, kw_only=True):
        """The endpoint did not take the event at `position`, of the topic `kind`; the next one is told."""

        TOPIC: ClassVar[str] = "webhooks.dead_lettered"
        PERSONAL: ClassVar[bool] = False
        endpoint: UUID
        position: int
        kind: str
        tries: int
        reason: str

        def apply(self, aggregate: Webhooks) -> None:
            if (found := aggregate.state.endpoints.get(self.endpoint)) is not None:
                letter = DeadLetter(
                    position=self.position,
                    kind=self.kind,
                    tries=self.tries,
                    reason=self.reason,
                    at=self.timestamp,
                )
                found.dead = [*found.dead, letter][-KEPT:]

    class Replayed(Event, frozen=True, kw_only=True):
        """What lies from position `first` to `last` is to be told again, under the same ids."""

        TOPIC: ClassVar[str] = "webhooks.replayed"
        PERSONAL: ClassVar[bool] = False
        endpoint: UUID
        first: int
        last: int

    def add(
        self,
        id: UUID,
        *,
        url: str,
        kinds: Sequence[str],
        description: str,
        secret: bytes,
        since: int,
        known: Collection[str],
        at: datetime,
    ) -> None:
        """`known`: all topics. Raises Invalid, Refused."""
        if len(self.state.endpoints) >= MOST:
            raise Refused(f"there are {MOST} endpoints already; remove one of them first")
        told = _checked(url, kinds, known)
        facts = {"description": description, "secret": secret, "since": since}
        self.trigger(self.EndpointAdded, at=at, endpoint=id, url=url, kinds=told, **facts)

    def change(
        self,
        id: UUID,
        *,
        url: str,
        kinds: Sequence[str],
        description: str,
        since: int,
        known: Collection[str],
        at: datetime,
    ) -> None:
        """Raises Invalid, NotFound."""
        found, told = self.endpoint(id), _checked(url, kinds, known)
        if (found.url, found.kinds, found.description) != (url, told, description):
            facts = {"url": url, "kinds": told, "description": description, "since": since}
            self.trigger(self.EndpointChanged, at=at, endpoint=id, **facts)

    def rotate(self, id: UUID, secret: bytes, at: datetime) -> None:
        """Raises NotFound."""
        self.endpoint(id)
        self.trigger(self.SecretRotated, at=at, endpoint=id, secret=secret, earlier_until=at + OVERLAP)

    def disable(self, id: UUID, reason: str, at: datetime) -> None:
        """Raises NotFound."""
        if self.endpoint(id).disabled is None:
            self.trigger(self.EndpointDisabled, at=at, endpoint=id, reason=reason)

    def enable(self, id: UUID, at: datetime) -> None:
        """Raises NotFound."""
        if self.endpoint(id).disabled is not None:
            self.trigger(self.EndpointEnabled, at=at, endpoint=id)

    def remove(self, id: UUID, at: datetime) -> None:
        """Raises NotFound."""
        self.endpoint(id)
        self.trigger(self.EndpointRemoved, at=at, endpoint=id)

    def give_up(self, id: UUID, position: int, *, kind: str, tries: int, reason: str, at: datetime) -> None:
        """Raises NotFound."""
        self.endpoint(id)
        facts = {"kind": kind, "tries": tries, "reason": reason}
        self.trigger(self.DeadLettered, at=at, endpoint=id, position=position, **facts)

    def replay_range(self, id: UUID, first: int, last: int, at: datetime) -> None:
        """Raises NotFound, Invalid, Refused."""
        if self.endpoint(id).disabled is not None:
            raise Refused("this webhook is disabled; enable it first, and then have it told again")
        if not 1 <= first <= last:
            raise Invalid("`first` and `last` are positions of the log, from 1 on, the smaller one first")
        self.trigger(self.Replayed, at=at, endpoint=id, first=first, last=last)

    def endpoint(self, id: UUID) -> Endpoint:
        """Raises NotFound."""
        if id not in self.state.endpoints:
            raise NotFound(f"there is no webhook {id} in this tenant")
        return self.state.endpoints[id]


def _fits(topic: str, kind: str) -> bool:
    return topic == kind or (kind.endswith(".*") and topic.startswith(kind[:-1]))


def _checked(url: str, kinds: Sequence[str], known: Collection[str]) -> tuple[str, ...]:
    """The kinds, once each. Its own events are none: each delivery would be told in turn. Raises Invalid."""
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        good = False
    if not good or len(url) > 1000 or not url.isascii() or not url.isprintable() or " " in url:
        raise Invalid(
            "url is an address as https://shop.example.com/hooks/retrace, of at most 1000 characters"
        )
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise Invalid("url has no user, password or fragment: who sent it, the signature tells")
    told = tuple(dict.fromkeys(kinds))
    if not told:
        raise Invalid("name at least one kind of event, as conversation.answered or conversation.*")
    for kind in told:
        fitting = [topic for topic in known if _fits(topic, kind)]
        if not fitting or kind.startswith(f"{Webhooks.TOPIC}."):
            raise Invalid(
                f"there is no kind of event {kind[:100]!r} to be told; GET /v1/audit/events shows their names, "
                "as conversation.answered, or conversation.* for all of a conversation"
            )
    return told
