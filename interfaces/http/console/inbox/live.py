"""What makes pages live: server-sent events that say that something has changed, and never what. The page then asks for itself again."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from typing import Any
from uuid import UUID

from litestar import Request, Router, get
from litestar.di import NamedDependency
from litestar.params import FromPath

from application.ports import Unavailable, Wanted
from application.tenancy.authentication import Principal
from domain.base.aggregate import events_of
from domain.base.errors import Ahead
from domain.conversations.conversation import Conversation
from interfaces.bootstrap import Services
from interfaces.http.base.following import HEARTBEAT, LONGEST, POLL
from interfaces.http.base.limits.access import AccessControl
from interfaces.http.base.moments import moments_of
from interfaces.http.base.stream import EVENTS, GuardedStream
from interfaces.http.console.errors import HANDLERS
from projections.transcript import Transcript

TOPICS = tuple(events_of(Conversation))
BETWEEN = 0.25
"""Seconds between two words of change: a busy tenant's pages ask no oftener."""


@get("/console/inbox/live", scope="conversations:read", media_type=EVENTS)
async def inbox(
    request: Request[Any, Any, Any],
    services: NamedDependency[Services],
    principal: NamedDependency[Principal],
    access_control: NamedDependency[AccessControl],
) -> GuardedStream:
    """Of any conversation."""
    access = access_control.enter(request)
    return GuardedStream(_changes(services, principal.tenant, Wanted(topics=TOPICS)), access)


@get("/console/inbox/{conversation:uuid}/live", scope="conversations:read", media_type=EVENTS)
async def one(
    conversation: FromPath[UUID],
    request: Request[Any, Any, Any],
    services: NamedDependency[Services],
    principal: NamedDependency[Principal],
    access_control: NamedDependency[AccessControl],
) -> GuardedStream:
    """Of this one."""
    await services.store.load(Conversation, conversation, tenant=principal.tenant)
    access = access_control.enter(request)
    wanted = Wanted(stream=conversation, topics=TOPICS)
    return GuardedStream(_changes(services, principal.tenant, wanted), access)


async def _changes(services: Services, tenant: UUID, wanted: Wanted) -> AsyncGenerator[bytes, None]:
    """A word at the beginning too: what came between the page and its stream is not missed."""
    began = spoke = time.monotonic()
    seen = await services.reads.head(tenant)
    yield b"retry: 2000\nevent: changed\ndata: %d\n\n" % seen
    async with aclosing(moments_of(services, tenant, POLL)) as moments:
        async for _ in moments:
            head, now = await services.reads.head(tenant), time.monotonic()
            if head > seen and await _any(services, tenant, wanted, seen, head):
                yield b"event: changed\ndata: %d\n\n" % head
                spoke = now
                await asyncio.sleep(BETWEEN)
            elif now - spoke > HEARTBEAT:
                yield b": still there\n\n"
                spoke = now
            seen = head
            if services.stopping.is_set() or now - began > LONGEST:
                return


async def _any(services: Services, tenant: UUID, wanted: Wanted, after: int, until: int) -> bool:
    """Whether something that is wanted came; then the list's read model knows it too, or is so late that the page comes before it."""
    async with aclosing(services.store.find(tenant, wanted, after=after, until=until)) as parts:  # type: ignore[type-var]  # it is a generator
        found = False
        async for part in parts:
            if part.events:
                found = True
                break
    if found:
        with suppress(Unavailable, Ahead):
            async with services.reads.at(tenant, Transcript(), until):
                pass
    return found


ROUTER = Router("/", route_handlers=[inbox, one], include_in_schema=False, exception_handlers=HANDLERS)
