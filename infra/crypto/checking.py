"""Whether tenants' keys open: some of them, at most once a second, for readiness; all of them, for `retrace doctor`."""

from __future__ import annotations

from application.base.lately import Lately
from application.ports import Fault, Unavailable
from infra.crypto.keyring import Keyring
from infra.crypto.wrapping import MasterKeyMissing, Masters, Tampered
from infra.postgres.database import Database

SOME, LOOKED_AT = 3, 20
"""Tenants whose keys are tried, of so many that may have one; one that does its work is enough. `retrace doctor` tries all."""


async def unopened(system: Database, keeper: Database, master: bytes) -> tuple[int, list[str]]:
    """How many keys the tenants have, and why those that the master keys given do not open don't.

    `system` has the role retrace_runner, `keeper` retrace_keeper.
    """
    masters, count, faults = Masters(master), 0, []
    async with system.system() as connection:
        rows = await (await connection.execute("SELECT tenant FROM heads ORDER BY tenant")).fetchall()
    query = "SELECT generation, wrapped, master FROM tenant_keys WHERE tenant = %s ORDER BY generation"
    for (tenant,) in rows:
        async with keeper.tenant(tenant) as connection:
            keys = await (await connection.execute(query, [tenant], binary=True)).fetchall()
        for generation, wrapped, mark in keys:
            count += 1
            try:
                masters.open(wrapped, mark, tenant, generation)
            except Tampered:
                faults.append(
                    f"tenant key {generation} of tenant {tenant} was changed; put the database back from a backup"
                )
            except MasterKeyMissing as error:
                faults.append(str(error))
    return count, faults


class KeyCheck:
    """`system` has the role retrace_runner."""

    def __init__(self, system: Database, keyring: Keyring) -> None:
        self._system, self._keyring = system, keyring
        self._fault = Lately(self._tried)

    async def fault(self) -> str | None:
        """Why nothing can be sealed or opened; None where something can, or there is nothing yet. Raises Unavailable."""
        return await self._fault.get()

    async def _tried(self) -> str | None:
        async with self._system.system() as connection:
            query = "SELECT tenant FROM heads LIMIT %s"
            tenants = [row[0] for row in await (await connection.execute(query, [LOOKED_AT])).fetchall()]
        faults: list[str] = []
        for tenant in tenants:
            try:
                if await self._keyring.check(tenant):
                    return None
            except Unavailable:
                raise
            except (Tampered, Fault) as error:
                faults.append(str(error))
                if len(faults) == SOME:
                    break
        return faults[0] if faults else None
