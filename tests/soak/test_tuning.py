"""Submissions of fine-tuning jobs that are killed, at each vendor's double: each is there once.

Fifty seeded points a vendor, before and after each effect: of the log, and of the vendor.
"""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from application.tenancy.tenant import CreateTenant, create_tenant
from infra.settings import Secret, Settings
from interfaces.bootstrap import Services, services
from tests.application.learning.tuning_shop import quick, survive, there_once, tuning_shop
from tests.doubles.tuning import VENDORS

pytestmark = pytest.mark.soak

MASTER = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
POINTS = 50


@pytest_asyncio.fixture(scope="module", name="parts")
async def _parts(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Services]:
    folder = Path(tmp_path_factory.mktemp("data"))
    settings = Settings(database_url=Secret(database_url), data=folder, master_key=Secret(MASTER))
    async with services(settings, pool=8) as parts:
        yield parts


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    quick(monkeypatch)


@pytest.mark.timeout(1200)
@pytest.mark.parametrize("provider", sorted(VENDORS))
async def test_a_submission_that_is_killed_is_there_once(
    provider: str, parts: Services, share: float, seed: int
) -> None:
    for point in range(max(5, round(POINTS * share))):
        made = await create_tenant(
            CreateTenant(name="Shop"),
            actor="operator:test",
            store=parts.store,
            clock=parts.clock,
            ids=parts.ids,
        )
        async with tuning_shop(provider, dataclasses.replace(parts), made.tenant) as shop:
            job = await survive(shop, seed + point)
            await there_once(shop, job, seed + point)
