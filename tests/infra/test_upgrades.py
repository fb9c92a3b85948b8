"""A database of each earlier schema is brought up to date, verifies, and is gone on with. Each is kept small under tests/golden/databases, named after its last schema file."""

from __future__ import annotations

import lzma
import os
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID, uuid4

import psycopg
import pytest

from application.conversations.conversation import ReceiveMessage, receive_message
from domain.base.context import Context
from infra.embedded import Servers
from infra.schema.migrate import SCHEMA
from tests.infra.log.parts import MASTER
from tests.infra.moving.places import brought_up, log_of, place, proved

FOLDER = Path(__file__).parent.parent / "golden" / "databases"
EARLIER = sorted(FOLDER.glob("*.sql.xz"))


@pytest.fixture(name="old_url", params=EARLIER, ids=[file.name.partition(".")[0] for file in EARLIER])
def _old_url(request: pytest.FixtureRequest, servers: Servers, template: str) -> Iterator[str]:
    """As that version has left it; the template is there for its roles."""
    name, admin = f"old_{os.getpid()}", servers.database_url.replace("/retrace?", "/postgres?")
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    url = servers.database_url.replace("/retrace?", f"/{name}?")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(lzma.decompress(request.param.read_bytes()))
    yield url
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


async def test_a_database_of_an_earlier_schema_opens_verifies_and_goes_on(
    old_url: str, tmp_path: Path
) -> None:
    with psycopg.connect(old_url) as superuser:
        rows = superuser.execute("SELECT tenant, seq FROM retrace.heads").fetchall()
        done = {row[0] for row in superuser.execute("SELECT name FROM public.retrace_migrations").fetchall()}
    assert rows
    assert {file.name for file in SCHEMA.glob("*.sql")} - done, "it is of today's schema"
    async with place(old_url, tmp_path, MASTER, "here") as here:
        await brought_up(here)
        for tenant, end in rows:
            assert isinstance(tenant, UUID)
            assert await proved(here, tenant) >= end
            context = Context(tenant=tenant, actor="key:test", correlation=uuid4())
            message = ReceiveMessage(channel="http", address="anna", text="Still there?")
            await receive_message(message, context, here.parts)
            assert await proved(here, tenant) > end
            assert all(each.event is not None for each in await log_of(here, tenant))
