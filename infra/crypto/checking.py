"""Whether anything can be sealed and opened: tried with some tenants' keys, at most once a second."""

from __future__ import annotations

import time

from application.ports import Fault, Unavailable
from infra.crypto.keyring import Keyring, Tampered
from infra.database import Database

FRESH = 1.0
"""Seconds for which what was found holds."""

SOME = 3
"""Tenants whose keys are tried; one that does its work is enough. `retrace doctor` tries all."""


class KeyCheck:
    """`system` has the role retrace_runner."""

    def __init__(self, system: Database, keyring: Keyring) -> None:
        self._system, self._keyring = system, keyring
        self._known: tuple[float, str | None] = (-FRESH, None)

    async def fault(self) -> str | None:
        """Why nothing can be sealed or opened; None where something can, or there is nothing yet. Raises Unavailable."""
        if time.monotonic() - self._known[0] >= FRESH:
            self._known = (time.monotonic(), await self._tried())
        return self._known[1]

    async def _tried(self) -> str | None:
        async with self._system.system() as connection:
            query = "SELECT tenant FROM heads LIMIT %s"
            tenants = [row[0] for row in await (await connection.execute(query, [SOME])).fetchall()]
        fault: str | None = None
        for tenant in tenants:
            try:
                await self._keyring.check(tenant)
            except Unavailable:
                raise
            except (Tampered, Fault) as error:
                fault = str(error)
            else:
                return None
        return fault
