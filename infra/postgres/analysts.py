"""Logins of analysts: roles of the server, made by functions that alone may (infra/schema/297_analyst_logins.sql). Implements `AnalystDatabase`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from urllib.parse import quote, urlencode
from uuid import UUID

import psycopg
from psycopg.conninfo import conninfo_to_dict

from application.ports.analysts import StandingLogin
from domain.base.errors import Refused
from infra.postgres.database import Database

KEPT = ("sslmode", "sslrootcert")
"""What of our own address holds for an analyst's too."""


class PgAnalysts:
    """`database` has the role of the application."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def hindered(self, tenant: UUID) -> str | None:
        async with self._database.tenant(tenant) as connection:
            row = await (await connection.execute("SELECT analyst_logins_hindered()")).fetchone()
        assert row is not None
        return None if row[0] is None else str(row[0])

    async def make(
        self, tenant: UUID, login: UUID, *, role: str, password: str, expires_at: datetime, connections: int
    ) -> str:
        async with self._database.tenant(tenant) as connection:
            # Only the verifier leaves this process.
            verifier = connection.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256")
            values = [login, role, verifier.decode(), expires_at, connections]
            try:
                await connection.execute("SELECT make_analyst_login(%s, %s, %s, %s, %s)", values)
            except (psycopg.errors.InsufficientPrivilege, psycopg.errors.DuplicateObject) as error:
                raise Refused(
                    f"the database does not make this login ({type(error).__name__}); `retrace doctor` says what to grant"
                ) from error
        return self._address(role, password)

    async def standing(self, tenant: UUID) -> Sequence[StandingLogin]:
        async with self._database.tenant(tenant) as connection:
            rows = await (await connection.execute("SELECT * FROM analyst_logins_standing()")).fetchall()
        return [StandingLogin(login=row[0], role=row[1], locked=row[2], there=row[3]) for row in rows]

    async def lock(self, tenant: UUID, role: str, shut: bool) -> None:
        async with self._database.tenant(tenant) as connection:
            await connection.execute("SELECT lock_analyst_login(%s, %s)", [role, shut])

    async def drop(self, tenant: UUID, role: str) -> None:
        await self.lock(
            tenant, role, True
        )  # committed first, so that no session begins while the last ones end
        async with self._database.tenant(tenant) as connection:
            await connection.execute("SELECT drop_analyst_login(%s)", [role])

    def _address(self, role: str, password: str) -> str:
        """As a URL, which every tool takes."""
        facts = {
            name: str(value)
            for name, value in conninfo_to_dict(self._database.cell.url).items()
            if value is not None
        }
        host, port = facts.get("host", ""), facts.get("port", "")
        more = {name: facts[name] for name in KEPT if name in facts}
        if host.startswith("/"):
            more, host = {"host": host, **more, **({"port": port} if port else {})}, ""
        elif port:
            host = f"{host}:{port}"
        query = f"?{urlencode(more, safe='/')}" if more else ""
        return f"postgresql://{role}:{quote(password, safe='')}@{host}/{quote(facts.get('dbname', ''), safe='')}{query}"
