"""Files that customers sent: as a download, never shown by the console itself."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar import Request, Router, get
from litestar.di import NamedDependency
from litestar.params import FromPath

from application.tenancy.authentication import Principal
from interfaces.bootstrap import Services
from interfaces.http.base.limits.access import AccessControl
from interfaces.http.base.stream import GuardedStream
from interfaces.http.channels.media import streamed
from interfaces.http.console.errors import HANDLERS


@get("/console/inbox/{conversation:uuid}/media/{media:uuid}", scope="conversations:read")
async def download(
    conversation: FromPath[UUID],
    media: FromPath[UUID],
    request: Request[Any, Any, Any],
    services: NamedDependency[Services],
    principal: NamedDependency[Principal],
    access_control: NamedDependency[AccessControl],
) -> GuardedStream:
    """404 until it was fetched."""
    return await streamed(principal.tenant, conversation, media, services, access_control, request)


ROUTER = Router("/", route_handlers=[download], include_in_schema=False, exception_handlers=HANDLERS)
