"""Media: files that came with messages are fetched from the vendor, sealed under the conversation's key, and kept."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Protocol
from uuid import UUID

import msgspec

from application.ports import Clock, Files, Ids, MediaSource, NotGiven, Store, Unavailable
from domain.base.context import Context
from domain.base.errors import Conflict, Erased, NotFound, Refused
from domain.channels.media import LARGEST, ConversationMedia, is_inert, media_of_conversation
from domain.conversations.content import Media, media_of
from domain.conversations.conversation import Conversation


class Ports(Protocol):
    @property
    def store(self) -> Store: ...
    @property
    def files(self) -> Files: ...
    @property
    def media_source(self) -> MediaSource: ...
    @property
    def clock(self) -> Clock: ...
    @property
    def ids(self) -> Ids: ...


class FetchMedia(msgspec.Struct, frozen=True, kw_only=True):
    """`last`: what the vendor does not give now is not asked for any more."""

    conversation: UUID
    last: bool = False


class _Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """`version`: of the conversation, at the message that it came with."""

    media: Media
    version: int
    raw: Mapping[str, str]


async def fetch_media(command: FetchMedia, context: Context, ports: Ports) -> None:
    """Fetch what a conversation's messages brought and nobody has fetched yet, each once; one that fails keeps the others from nothing.

    Raises NotGiven where the vendor may give some later, Unavailable where a server of ours is away.
    """
    conversation, tenant = command.conversation, context.tenant
    if await _is_erased(conversation, tenant, ports.store):
        return
    media = await _media(conversation, tenant, ports)
    wanted = await _wanted(media, conversation, tenant, ports.store)
    failed: NotGiven | Unavailable | None = None
    for number, each in enumerate(wanted):
        # All before it are settled, unless one has failed: then the next try looks at these again.
        rest = wanted[number + 1 :]
        taken = 0 if failed else each.version - (1 if rest and rest[0].version == each.version else 0)
        try:
            await _fetch(each, media, taken, context, ports)
        except NotGiven as error:
            if not command.last:
                failed = failed or error
                continue
            media.refuse(each.media.id, str(error), taken, ports.clock())
        except Unavailable as error:
            failed = error
            continue
        except Conflict:
            return  # somebody else is at it
        await ports.store.save(media, context=context)
        if await _is_erased(conversation, tenant, ports.store):
            await ports.files.delete(tenant, conversation)
            return
    if failed is not None:
        raise failed


async def media_file(tenant: UUID, conversation: UUID, media: UUID, ports: Ports) -> tuple[str, int]:
    """Type and size of a file that is kept. Raises NotFound, with why it is not."""
    if await _is_erased(conversation, tenant, ports.store):
        raise Erased
    try:
        id = media_of_conversation(conversation)
        found = (await ports.store.load(ConversationMedia, id, tenant=tenant)).state.files.get(media)
    except NotFound:
        found = None
    if found is None:
        raise NotFound(
            "there is no such file in this conversation, or it was not fetched yet; try again soon"
        )
    if found.refused is not None:
        raise NotFound(f"this file is not kept: {found.refused}")
    return found.content_type, found.size


async def _fetch(
    wanted: _Wanted, media: ConversationMedia, taken: int, context: Context, ports: Ports
) -> None:
    """The file first, then what speaks of it: one without its event is harmless."""
    conversation, size = media.state.conversation, 0
    try:
        async with ports.media_source.open(
            context.tenant, wanted.media.url, wanted.raw, most=LARGEST
        ) as content:
            if not is_inert(content.content_type):
                raise Refused(f"files of the type {content.content_type[:80]} are not taken")

            async def counted() -> AsyncIterator[bytes]:
                nonlocal size
                async for piece in content.pieces:
                    size += len(piece)
                    yield piece

            await ports.files.write(context.tenant, conversation, counted(), part=wanted.media.id)
            media.fetched(wanted.media.id, content.content_type, size, taken, ports.clock())
    except Refused as refused:
        media.refuse(wanted.media.id, refused.detail, taken, ports.clock())


async def _media(conversation: UUID, tenant: UUID, ports: Ports) -> ConversationMedia:
    try:
        return await ports.store.load(ConversationMedia, media_of_conversation(conversation), tenant=tenant)
    except NotFound:
        return ConversationMedia.begin(conversation, ports.clock())


async def _wanted(media: ConversationMedia, conversation: UUID, tenant: UUID, store: Store) -> list[_Wanted]:
    """In the order in which they came; a file that came twice once."""
    found: dict[UUID, _Wanted] = {}
    async for recorded in store.stream(tenant, conversation, after=media.state.taken):
        if isinstance(event := recorded.event, Conversation.MessageReceived):
            for each in media_of(event.parts):
                if each.id not in media.state.files:
                    found.setdefault(each.id, _Wanted(media=each, version=recorded.version, raw=event.raw))
    return list(found.values())


async def _is_erased(conversation: UUID, tenant: UUID, store: Store) -> bool:
    try:
        found = await store.load(Conversation, conversation, tenant=tenant)
    except Erased:
        return True
    return found.state.forgotten
