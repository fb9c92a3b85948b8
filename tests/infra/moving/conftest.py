"""A place to move from, and one to move to: two databases of servers alone, or, with --citus, one of a Citus and one of a server alone, both ways."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.doubles.s3 import s3_double
from tests.infra.log.parts import MASTER
from tests.infra.moving.places import Place, place

OTHER = b"another master key, of 32 bytes!"


FROM, TO = "from a Citus", "to a Citus"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if metafunc.config.getoption("--citus") and "urls" in metafunc.fixturenames:
        metafunc.parametrize("urls", (FROM, TO), indirect=True, scope="module")


@pytest.fixture(scope="module", name="urls")
def _urls(request: pytest.FixtureRequest, database_url: str, other_url: str) -> tuple[str, str]:
    return (other_url, database_url) if getattr(request, "param", FROM) == TO else (database_url, other_url)


@pytest_asyncio.fixture(scope="module")
async def here(urls: tuple[str, str], tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Place]:
    async with place(urls[0], Path(tmp_path_factory.mktemp("here")), MASTER, "the old place") as made:
        yield made


@pytest_asyncio.fixture(scope="module")
async def there(urls: tuple[str, str], tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Place]:
    """Its files are in a bucket."""
    folder = Path(tmp_path_factory.mktemp("there"))
    async with (
        s3_double() as s3,
        place(urls[1], folder, OTHER, "https://new.example", s3) as made,
    ):
        yield made
