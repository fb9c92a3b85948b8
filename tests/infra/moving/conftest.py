"""A place to move from, and one to move to."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.doubles.s3 import s3_double
from tests.infra.log.parts import MASTER
from tests.infra.moving.places import Place, place

OTHER = b"another master key, of 32 bytes!"


@pytest_asyncio.fixture(scope="module")
async def here(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Place]:
    async with place(database_url, Path(tmp_path_factory.mktemp("here")), MASTER, "the old place") as made:
        yield made


@pytest_asyncio.fixture(scope="module")
async def there(other_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Place]:
    """Its files are in a bucket."""
    folder = Path(tmp_path_factory.mktemp("there"))
    async with (
        s3_double() as s3,
        place(other_url, folder, OTHER, "https://new.example", s3) as made,
    ):
        yield made
