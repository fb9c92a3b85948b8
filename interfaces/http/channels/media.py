"""Files that came with a conversation's messages."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Any
from uuid import UUID

from litestar import Request, Router, get
from litestar.di import NamedDependency
from litestar.params import FromPath

from application.base.in_work import waits_long
from application.channels.media import media_file
from application.tenancy.authentication import Principal
from interfaces.bootstrap import Services
from interfaces.http.base.limits.access import AccessControl
from interfaces.http.base.stream import GuardedStream


@get("/v1/conversations/{conversation:uuid}/media/{media:uuid}", scope="conversations:read")
async def download(
    conversation: FromPath[UUID],
    media: FromPath[UUID],
    services: NamedDependency[Services],
    principal: NamedDependency[Principal],
    access_control: NamedDependency[AccessControl],
    request: Request[Any, Any, Any],
) -> GuardedStream:
    """A file that came with a message, as the vendor gave it; `id` of a part names it. 404 until it was fetched."""
    return await streamed(principal.tenant, conversation, media, services, access_control, request)


async def streamed(
    tenant: UUID,
    conversation: UUID,
    media: UUID,
    services: Services,
    access_control: AccessControl,
    request: Request[Any, Any, Any],
) -> GuardedStream:
    """Piece by piece, for as long as the request may have it. Raises NotFound."""
    content_type, size = await media_file(tenant, conversation, media, services)
    access = access_control.enter(request)
    waits_long()
    pieces = services.files.read(tenant, conversation, media)
    first = await anext(pieces)  # so that a file that is gone is told as such
    headers = {
        "Content-Length": str(size),
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "sandbox; default-src 'none'",
        "Content-Disposition": f'attachment; filename="{media}"',
    }
    return GuardedStream(
        _after(first, pieces), access, last_word=None, media_type=content_type, headers=headers
    )


async def _after(first: bytes, pieces: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
    async with aclosing(pieces):
        yield first
        async for piece in pieces:
            yield piece


ROUTER = Router("/", route_handlers=[download], tags=["conversations"])
