"""A log for read models."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.infra.log.parts import Log, log_on


@pytest.fixture(name="log")
async def _log(database_url: str) -> AsyncIterator[Log]:
    async with log_on(database_url) as log:
        yield log
