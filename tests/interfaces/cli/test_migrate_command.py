"""`retrace migrate`, and the commands of those who have the database's address only."""

from __future__ import annotations

import asyncio
from pathlib import Path

import psycopg
import pytest

from domain.base.errors import Invalid
from infra.postgres.cell import ROLES, Cell
from infra.postgres.session import LoginRefused, connect
from infra.schema.migrate import migrate
from tests.cells import cell
from tests.interfaces.conftest import Run

RETIRED = b"a-retired-master-key-of-32-byte!"


def test_an_address_is_enough_for_whoever_changes_no_schema(
    run: Run, database_url: str, tmp_path: Path
) -> None:
    address = cell(database_url).address
    done = run("migrate")
    assert done.exit_code == 0, done.output
    assert f"the roles log in as …_{cell('').signers[0].mark.hex()}" in done.output
    assert run("tenant", "create", "Shop", DATABASE_URL=address).exit_code == 0
    assert "Shop" in run("tenant", "list", DATABASE_URL=address).output
    assert run("audit", "verify", DATABASE_URL=address).exit_code == 0
    for words in (("migrate",), ("backup", str(tmp_path / "backup"))):
        refused = run(*words, DATABASE_URL=address)
        assert isinstance(refused.exception, Invalid), refused.output
        assert "DATABASE_URL" in str(refused.exception)


def test_an_address_shows_no_password_and_keeps_what_else_there_is() -> None:
    there = Cell("postgresql://me:canary@db.example:6432/shop?sslmode=verify-full", bytes(32))
    assert "canary" not in there.address
    assert not Cell(there.address, bytes(32)).migrates
    for part in ("host=db.example", "port=6432", "dbname=shop", "sslmode=verify-full", "user=retrace_app"):
        assert part in there.address.split(" ")
    assert "canary" not in there.conninfo("retrace_app")


def test_logins_of_retired_keys_are_removed_when_asked_for(run: Run, database_url: str) -> None:
    retired = Cell(database_url, RETIRED)

    async def log_in() -> None:
        await (await connect(retired, "retrace_app")).close()

    asyncio.run(migrate(retired))
    asyncio.run(log_in())
    assert "removed" not in run("migrate").output
    shown = run("migrate", "--retire").output
    assert all(f"removed: {retired.name(role)}" in shown for role in ROLES)
    with pytest.raises(LoginRefused):
        asyncio.run(log_in())
    with psycopg.connect(database_url) as superuser:
        query = "SELECT count(*) FROM retrace.context_keys"
        assert superuser.execute(query).fetchone() == (1,)
