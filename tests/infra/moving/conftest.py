"""A place to move from, and one to move to."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import psycopg
import pytest
import pytest_asyncio

from infra.embedded import Servers
from tests.infra.log.parts import MASTER
from tests.infra.moving.places import Place, place

OTHER = b"another master key, of 32 bytes!"


@pytest.fixture(scope="module")
def other_url(servers: Servers, template: str) -> Iterator[str]:
    """A second migrated, empty database."""
    name = f"other_{os.getpid()}"
    admin = servers.database_url.replace("/retrace?", "/postgres?")
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
    yield servers.database_url.replace("/retrace?", f"/{name}?")
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest_asyncio.fixture(scope="module")
async def here(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Place]:
    async with place(database_url, Path(tmp_path_factory.mktemp("here")), MASTER, "the old place") as made:
        yield made


@pytest_asyncio.fixture(scope="module")
async def there(other_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Place]:
    async with place(other_url, Path(tmp_path_factory.mktemp("there")), OTHER, "https://new.example") as made:
        yield made
