"""Where one request reads: at a replica, and from the moment on at which that fails or is behind, at the primary.

It never goes back, so nothing that was seen once is missing at the next look.
"""

from __future__ import annotations

from collections import Counter
from contextlib import AbstractAsyncContextManager
from typing import Any
from uuid import UUID

import psycopg

from application.ports import Fault
from infra.log.finding import head
from infra.postgres.database import Database
from infra.postgres.exchange import Row, Statement
from infra.postgres.session import Connection
from infra.replicas.replica import Replica

FAILURES = (Fault, psycopg.Error)
"""Whatever a replica says or does not say: the primary has the last word."""


class Sight:
    """Implements `infra.postgres.database.Asking`. `least`: position of the log that is to be seen; what has not come so far is not read from."""

    def __init__(self, replica: Replica | None, primary: Database, least: int, reads: Counter[str]) -> None:
        self._primary = primary
        self._replica, self._least, self._reads = replica, least, reads
        self._reached = 0

    @property
    def least(self) -> int:
        return self._least

    async def replica(self, tenant: UUID, position: int = 0) -> Replica | None:
        """That which has come to this position, and to the least; None from the moment on at which there is none."""
        replica, wanted = self._replica, max(position, self._least)
        if replica is None:
            return None
        if not replica.usable:
            self._replica = None
            return None
        if wanted > self._reached:
            try:
                self._reached = await replica.ask(head(replica.database, tenant))
            except FAILURES as error:
                self.turn(replica, error)
                return None
            if wanted > self._reached:
                self._replica = None
        return self._replica

    def turn(self, replica: Replica, error: Exception) -> None:
        """To the primary for good, as the replica has failed with this."""
        replica.failed(error)
        self._replica = None

    def turn_back(self) -> None:
        """To the primary for good: the replica is not far enough."""
        self._replica = None

    def answered(self, replica: Replica | None) -> None:
        """A read was answered there; None: by the primary."""
        self._reads["primary" if replica is None else "replica"] += 1
        if replica is not None:
            replica.answered()

    def tenant(self, tenant: UUID) -> AbstractAsyncContextManager[Connection]:
        """Whoever wants a transaction has it at the primary."""
        return self._primary.tenant(tenant)

    async def read(self, tenant: UUID, statement: str, *values: Any) -> list[Row]:
        (rows,) = await self.read_all(tenant, (statement, values))
        return rows

    async def read_all(self, tenant: UUID, *statements: Statement) -> list[list[Row]]:
        if (replica := await self.replica(tenant)) is not None:
            try:
                found = await replica.ask(replica.database.read_all(tenant, *statements))
            except FAILURES as error:
                self.turn(replica, error)
            else:
                self.answered(replica)
                return found
        found = await self._primary.read_all(tenant, *statements)
        self.answered(None)
        return found
