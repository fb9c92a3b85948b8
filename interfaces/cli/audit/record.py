"""What an operator reads of the log is on record as well."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

from application.audit.reading import LogRead, record_read
from domain.audit.audit import Stage
from domain.base.context import Context
from interfaces.bootstrap import Services


@asynccontextmanager
async def on_record(
    parts: Services, tenant: UUID, read: LogRead, *, begin: bool = False
) -> AsyncIterator[None]:
    """Record what was read within; with `begin` that it begins, too. Of a tenant without a log nothing is recorded."""
    context = Context(tenant=tenant, actor="operator:cli", correlation=parts.ids())
    known = await parts.reads.head(tenant) > 0
    if known and begin:
        await record_read(read, context, store=parts.store, clock=parts.clock, stage="begun")
    try:
        yield
    finally:
        if known:
            stage: Stage = "ended" if begin else "whole"
            await record_read(read, context, store=parts.store, clock=parts.clock, stage=stage)
