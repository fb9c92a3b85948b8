"""Attachments of a call: fetched, recognised by their contents, and kept sealed under the key of whose the call is, before any model is asked."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Mapping
from uuid import UUID

from msgspec.structs import replace

from application.chat.end_user import present_id_of
from application.chat.ports import Ports
from application.chat.record import Chat
from domain.base.context import Context
from domain.base.errors import Invalid
from domain.models.attachment import Attachment
from domain.models.attachment_types import recognised
from domain.models.completion import Turn

MOST = 20
"""Images and files of a call."""

LARGEST, LARGEST_OF_ALL = 10 * 2**20, 20 * 2**20
"""Bytes of one, and of all."""

TAKEN = "JPEG, PNG, GIF and WebP images, and PDF files, are taken"


async def with_attachments(
    command: Chat, context: Context, ports: Ports
) -> tuple[Chat, Mapping[UUID, bytes]]:
    """The call with what its attachments are, and their contents by id. Raises Invalid, with the place; Unavailable where there is no room for them."""
    field = "messages" if command.response is None else "input"
    places = [
        (f"messages[{at}]" if command.response is None else field, each)
        for at, turn in enumerate(command.messages)
        for each in turn.attachments
    ]
    if not places:
        return command, {}
    if len(places) > MOST:
        raise _invalid(field, f"it has {len(places)} images and files; send at most {MOST}")
    found, contents, size = dict[UUID, Attachment](), dict[UUID, bytes](), 0
    for place, each in places:
        content = await _content(each, command.contents, place, ports)
        size += len(content)
        if size > LARGEST_OF_ALL:
            text = f"images and files have at most {LARGEST_OF_ALL // 2**20} MiB in all; send fewer, or smaller ones"
            raise _invalid(field, text)
        made = await _made(each, content, place, context.tenant, ports)
        found[each.id], contents[made.id] = made, content
    messages = tuple(_turn(turn, found) for turn in command.messages)
    await _keep(command, contents, context.tenant, ports)
    return replace(command, messages=messages, contents={}), contents


async def _content(attachment: Attachment, given: Mapping[UUID, bytes], place: str, ports: Ports) -> bytes:
    if (content := given.get(attachment.id)) is not None:  # it came along, or lies with what is gone on from
        if len(content) > LARGEST:
            raise _invalid(place, f"an image or file has at most {LARGEST // 2**20} MiB; send a smaller one")
        return content
    assert attachment.url is not None
    return await ports.contents.fetch(attachment.url, place, most=LARGEST)


async def _made(attachment: Attachment, content: bytes, place: str, tenant: UUID, ports: Ports) -> Attachment:
    what = recognised(content)
    if what is None:
        raise _invalid(place, f"the content is of a type that models are not shown; {TAKEN}")
    if what.kind != attachment.kind:
        part = "image_url" if what.kind == "image" else "file"
        raise _invalid(place, f"the content is {what.content_type}; send it as a part of the type {part}")
    return Attachment(
        id=await ports.keyring.identify(tenant, "attachment", hashlib.sha256(content).hexdigest()),
        kind=what.kind,
        content_type=what.content_type,
        size=len(content),
        at=attachment.at,
        name=attachment.name,
        url=attachment.url,
        detail=attachment.detail,
        width=what.width,
        height=what.height,
        pages=what.pages,
    )


async def _keep(command: Chat, contents: Mapping[UUID, bytes], tenant: UUID, ports: Ports) -> None:
    """The files first, then what speaks of them: a file without its event is harmless."""
    subject = command.id
    if command.user:
        subject = await present_id_of(tenant, command.user, store=ports.store, keyring=ports.keyring)
    for id, content in contents.items():
        await ports.files.write(tenant, subject, _pieces(content), part=id)


async def _pieces(content: bytes) -> AsyncIterator[bytes]:
    yield content


def _turn(turn: Turn, found: Mapping[UUID, Attachment]) -> Turn:
    if not turn.attachments:
        return turn
    return replace(turn, attachments=tuple(found[each.id] for each in turn.attachments))


def _invalid(place: str, message: str) -> Invalid:
    return Invalid(f"{place}: {message}", errors=[{"field": f"$.{place}", "message": message}])
