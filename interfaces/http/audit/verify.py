"""Verification of the log, for auditors."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import msgspec
from litestar import Router, post
from litestar.di import NamedDependency
from litestar.params import QueryParameter

from application.tenancy.authentication import Principal
from domain.base.context import Context
from domain.base.errors import Refused
from interfaces.bootstrap import Services

LONGEST = 500_000
"""Events of a log that is verified within a request (some seconds)."""


class FindingOut(msgspec.Struct, frozen=True, kw_only=True):
    """`fault` is one of docs/audit.md's."""

    fault: str
    position: int | None
    stream: UUID | None
    version: int | None
    detail: str


class VerificationOut(msgspec.Struct, frozen=True, kw_only=True):
    """`signed`: how many of the events a checkpoint speaks of."""

    events: int
    signed: int
    checkpoints: int
    findings: tuple[FindingOut, ...]


@post("/v1/audit/verify", status_code=200, scope="audit:read")
async def verify(
    services: NamedDependency[Services],
    principal: NamedDependency[Principal],
    context: NamedDependency[Context],
    closely: Annotated[
        bool,
        QueryParameter(description="Open every event with its key, those that a checkpoint speaks for too."),
    ] = False,
) -> VerificationOut:
    """Check every event's digest and chain, that the newest open with their keys, and the log against what was signed of it. What is found is on
    record, and raises the alert `failed_verification`."""
    if (length := await services.reads.head(principal.tenant)) > LONGEST:
        raise Refused(f"the log has {length} events; verify more than {LONGEST} with `retrace audit verify`")
    report = await services.verify(principal.tenant, closely=closely)
    await services.conclude(report, context)
    return VerificationOut(
        events=report.events,
        signed=report.signed,
        checkpoints=report.checkpoints,
        findings=tuple(
            FindingOut(fault=f.fault, position=f.seq, stream=f.stream, version=f.version, detail=f.text)
            for f in report.findings
        ),
    )


ROUTER = Router("/", route_handlers=[verify], tags=["audit"])
