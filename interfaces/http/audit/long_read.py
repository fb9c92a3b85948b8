"""A read of the log that goes on for long: on record when it begins, and when it ends, however it ends."""

from __future__ import annotations

import asyncio
import logging
from typing import Any, Self

from litestar import Request

from application.audit.reading import LogRead, record_read
from application.base.in_work import waits_long
from application.ports import Fault
from domain.audit.audit import Stage
from domain.base.context import Context
from domain.base.errors import Refusal
from interfaces.bootstrap import Services
from interfaces.http.base.presence import ClientGone, is_gone

log = logging.getLogger("retrace.http")


class LongRead:
    """Where the beginning can't be recorded nothing is read."""

    def __init__(self, read: LogRead, context: Context, services: Services) -> None:
        self._read, self._context, self._services = read, context, services

    @classmethod
    async def begin(
        cls, read: LogRead, request: Request[Any, Any, Any], context: Context, services: Services
    ) -> Self:
        """Raises ClientGone where nobody is there to read: then there is nothing to be recorded, nor to be ended."""
        if is_gone(request):
            raise ClientGone
        record = cls(read, context, services)
        await record._record("begun")
        waits_long()
        return record

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: Any) -> None:
        # As a task of its own: when the client has gone, nothing can be awaited here any more.
        task = asyncio.create_task(self._end())
        self._services.background.add(task)
        task.add_done_callback(self._services.background.discard)

    async def _end(self) -> None:
        try:
            await self._record("ended")
        except (Fault, Refusal) as error:
            log.warning("the end of a read of the log is not on record: %s", type(error).__name__)

    async def _record(self, stage: Stage) -> None:
        await record_read(
            self._read, self._context, store=self._services.store, clock=self._services.clock, stage=stage
        )
