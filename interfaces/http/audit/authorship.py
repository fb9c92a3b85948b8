"""`POST /v1/audit/wrote`: did we write this?"""

from __future__ import annotations

from typing import Annotated

import msgspec
from litestar import Router, post
from litestar.di import NamedDependency
from litestar.params import JSONBody
from msgspec import Meta

from application.audit.authorship import Lookup, Written, written
from application.audit.reading import LogRead, record_read
from domain.base.context import Context
from domain.base.patterns import SHA256
from interfaces.bootstrap import Services


class WroteIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One of the two. `sha256` is that of the answer's text in UTF-8, as it was sent, without the disclosure."""

    text: Annotated[str, Meta(min_length=1, max_length=50_000)] | None = None
    sha256: Annotated[str, Meta(pattern=SHA256)] | None = None


class WroteOut(msgspec.Struct, frozen=True, kw_only=True):
    """`items`: the newest 20 answers with this text, the newest first."""

    wrote: bool
    items: tuple[Written, ...]


@post("/v1/audit/wrote", status_code=200, scope="audit:read")
async def wrote(
    data: JSONBody[WroteIn], services: NamedDependency[Services], context: NamedDependency[Context]
) -> WroteOut:
    """Whether an answer of ours has this text: which interaction wrote it, when, with which model. The lookup is recorded.

    White space, case, the disclosure and markers as [1] do not count. Answers to customers who were forgotten are not known.
    """
    found = await written(
        Lookup(text=data.text, sha256=data.sha256),
        context.tenant,
        store=services.store,
        locator=services.locator,
        authorship=services.authorship,
    )
    positions = sorted(item.position for item in found)
    reading = LogRead(route="POST /v1/audit/wrote", events=len(found))
    if positions:
        reading.first, reading.last = positions[0], positions[-1]
    await record_read(reading, context, store=services.store, clock=services.clock)
    return WroteOut(wrote=bool(found), items=found)


ROUTER = Router("/", route_handlers=[wrote], tags=["audit"])
