"""Checkpoints: the log as it stands, signed."""

from __future__ import annotations

from datetime import datetime

import msgspec
from litestar import Router, get, post
from litestar.di import NamedDependency

from application.tenancy.authentication import Principal
from domain.base.errors import NotFound
from interfaces.bootstrap import Services
from interfaces.http.base.pages import Page

MOST = 200
"""Checkpoints that the list has."""


class CheckpointOut(msgspec.Struct, frozen=True, kw_only=True):
    """`note` is a C2SP signed note, `key` its verifier key."""

    size: int
    note: str
    signed_at: datetime
    key: str


@post("/v1/audit/checkpoints", status_code=201, scope="audit:read")
async def sign(services: NamedDependency[Services], principal: NamedDependency[Principal]) -> CheckpointOut:
    """Sign the log as it stands. Keep the note where nobody can change it."""
    signed = await services.checkpoints.make(principal.tenant)
    if signed is None:
        raise NotFound("this tenant's log is empty")
    key = await services.checkpoints.verifier_key(principal.tenant)
    return CheckpointOut(size=signed.size, note=signed.note, signed_at=signed.signed_at, key=key)


@get("/v1/audit/checkpoints", scope="audit:read")
async def list_all(
    services: NamedDependency[Services], principal: NamedDependency[Principal]
) -> Page[CheckpointOut]:
    """What was signed of the log, the newest first; at most the last 200. `next_cursor` is always null."""
    signed = (await services.checkpoints.all(principal.tenant))[: -MOST - 1 : -1]
    key = await services.checkpoints.verifier_key(principal.tenant) if signed else ""
    items = [
        CheckpointOut(size=each.size, note=each.note, signed_at=each.signed_at, key=key) for each in signed
    ]
    return Page(items, None)


ROUTER = Router("/", route_handlers=[sign, list_all], tags=["audit"])
