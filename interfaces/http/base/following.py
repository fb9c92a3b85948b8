"""The log live, as server-sent events: what is wanted of it, as it comes."""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from typing import Annotated
from uuid import UUID

from litestar.params import HeaderParameter, QueryParameter

from application.base.shown_event import shown_event
from application.ports import Fault, Wanted
from domain.base.errors import Ahead
from domain.base.plain_digits import to_json
from domain.base.recorded import Recorded
from interfaces.bootstrap import Services
from interfaces.http.base.moments import moments_of

log = logging.getLogger("retrace.http")

POLL = 1.0
"""Seconds after which it looks for itself, where no hint comes."""

HEARTBEAT = 15.0
"""Seconds between signs of life."""

LONGEST = 3600.0
"""Seconds; a client then comes back by itself, with Last-Event-ID, to whichever process is there."""

FollowedAfter = Annotated[
    int | None,
    QueryParameter(
        ge=0, le=2**62, description="The position before the first; without one, what comes from now on."
    ),
]
LastEventId = Annotated[
    int | None,
    HeaderParameter(
        name="Last-Event-ID", ge=0, le=2**62, description="As a browser sends it. Goes before `after`."
    ),
]

Heard = Callable[[Sequence[Recorded]], None]


async def beginning(services: Services, tenant: UUID, after: int | None, last_event_id: int | None) -> int:
    """The position before the first that is sent. Raises Ahead."""
    start = after if last_event_id is None else last_event_id
    end = await services.reads.head(tenant)
    if start is None:
        return end
    if start > end:
        raise Ahead(start, end)
    return start


async def followed(
    services: Services, tenant: UUID, wanted: Wanted, after: int, heard: Heard = lambda events: None
) -> AsyncGenerator[bytes, None]:
    """What is wanted from position `after` + 1 on; `heard` hears of it too. Ends where the log can't be read; the client comes back."""
    try:
        async with aclosing(_followed(services, tenant, wanted, after, heard)) as parts:
            async for part in parts:
                yield part
    except Fault as error:  # the client comes back by itself, with Last-Event-ID
        log.warning("a follower of the log is let go: %s", type(error).__name__)


async def _followed(
    services: Services, tenant: UUID, wanted: Wanted, after: int, heard: Heard
) -> AsyncGenerator[bytes, None]:
    began = spoke = time.monotonic()
    # The id of no event: whoever is cut before the first one goes on from here, not from what is "now" then.
    yield b"retry: 2000\nid: %d\n\n" % after
    async with aclosing(moments_of(services, tenant, POLL)) as moments:
        async for _ in moments:
            if (end := await services.reads.head(tenant)) < after:
                return  # the log was restored meanwhile; whoever comes back with the position is told
            if end > after:
                async for found in services.store.find(tenant, wanted, after=after, until=end):
                    heard(found.events)
                    after = found.reached
                    if found.events:
                        yield b"".join(_sent(recorded) for recorded in found.events)
                        spoke = time.monotonic()
            now = time.monotonic()
            if services.stopping.is_set() or now - began > LONGEST:
                return
            if now - spoke > HEARTBEAT:
                yield f": {after}\nid: {after}\n\n".encode()  # no event, but a client that comes back goes on from here
                spoke = now


def _sent(recorded: Recorded) -> bytes:
    """Its id comes behind it, as no event of its own: some clients take an id for told as soon as its line is there, and a cut may
    come right after that."""
    data = to_json(shown_event(recorded))
    return b"event: %s\ndata: %s\n\nid: %d\n\n" % (recorded.topic.encode(), data, recorded.position)
