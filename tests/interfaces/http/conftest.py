"""The real application over ASGI, with a projector and a worker beside it, on the real servers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
import pytest_asyncio

from application.base.tasks import cancel_and_wait
from application.operations.work import kinds
from application.tenancy.tenant import CreateTenant, create_tenant
from domain.tenancy.rate_limits import LIMITS
from infra.crypto.keyring import Keyring
from infra.embedded import Servers
from infra.log.reader import Reader
from infra.postgres.database import Database
from infra.projections.projector import Projector
from infra.settings import Secret, Settings
from infra.work.rows import Work
from infra.work.worker import Worker
from interfaces.asgi import create_app
from interfaces.bootstrap import Services, services
from projections import PROJECTIONS
from tests.cells import cell
from tests.until import PATIENCE

MASTER = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
UNLIMITED: dict[str, Any] = dict.fromkeys((f"rate_{name}" for name in LIMITS), 0)
"""Tests come quicker than people do."""

OPERATOR = "operator-0123456789-0123456789-0123456789"


@dataclass
class Customer:
    """A tenant, its first key, and a client that sends it."""

    tenant: UUID
    key: str
    http: httpx.AsyncClient

    async def ask(self, text: str, *, address: str = "ann", **more: Any) -> httpx.Response:
        body = {"customer": {"channel": "http", "address": address}, "text": text, **more}
        return await self.http.post("/v1/messages", json=body)

    async def limited(self, *scopes: str) -> dict[str, str]:
        """Headers with a key that has these scopes only."""
        made = await self.http.post("/v1/keys", json={"name": "limited", "scopes": scopes})
        return {"X-Tenant-API-Key": made.json()["secret"]}


def settings_of(servers: Servers, database_url: str, data: Path) -> Settings:
    return Settings(
        database_url=Secret(database_url),
        redis_url=Secret(servers.redis_url) if servers.redis_url else None,
        data=data,
        master_key=Secret(MASTER),
        operator_key=Secret(OPERATOR),
        source_timeout_ms=10_000,  # a machine that is busy with other tests is no source that hangs
        rate_sign_ins_per_account=0,
        rate_sign_ins_per_address=0,
        **UNLIMITED,
    )


@pytest.fixture(scope="module")
def settings(servers: Servers, database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return settings_of(servers, database_url, Path(tmp_path_factory.mktemp("data")))


@pytest_asyncio.fixture(scope="module", name="parts")
async def _parts(settings: Settings) -> AsyncIterator[Services]:
    async with services(settings, pool=6) as parts:
        yield parts


@pytest_asyncio.fixture(scope="module")
async def app(parts: Services) -> AsyncIterator[Any]:
    """The application; what it leaves to the other roles is done beside it."""
    url = str(parts.settings.database_url)
    async with Database(cell(url), role="retrace_projector", size=2) as writer:
        reader = Reader(writer, Keyring(writer, parts.settings.master()))
        projector = Projector(
            PROJECTIONS, writer=writer, system=parts.system, reader=reader, hints=parts.hints
        )
        projecting = asyncio.create_task(projector.run())
        worker = Worker(Work(parts.system), kinds(parts), parts.hints, concurrency=4)
        working = asyncio.create_task(worker.run())
        yield create_app(parts)
        worker.stop()
        await working
        await cancel_and_wait(projecting)


@pytest_asyncio.fixture
async def anyone(app: Any) -> AsyncIterator[httpx.AsyncClient]:
    """A client without a key."""
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://retrace") as client:
        yield client


async def customer_of(app: Any, parts: Services, name: str) -> Customer:
    made = await create_tenant(
        CreateTenant(name=name), actor="operator:test", store=parts.store, clock=parts.clock, ids=parts.ids
    )
    headers = {"X-Tenant-ID": str(made.tenant), "X-Tenant-API-Key": made.key}
    client = httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://retrace", headers=headers, timeout=30
    )
    return Customer(made.tenant, made.key, client)


@pytest_asyncio.fixture(scope="module")
async def ours(app: Any, parts: Services) -> AsyncIterator[Customer]:
    """A tenant, shared by the tests of a file."""
    customer = await customer_of(app, parts, "Ours")
    async with customer.http:
        yield customer


@pytest_asyncio.fixture(scope="module")
async def theirs(app: Any, parts: Services) -> AsyncIterator[Customer]:
    """Another tenant."""
    customer = await customer_of(app, parts, "Theirs")
    async with customer.http:
        yield customer


async def settled(customer: Customer, address: str, *, within: float = PATIENCE) -> dict[str, Any]:
    """What is there once its status is a last one."""
    async with asyncio.timeout(within):
        while True:
            reply = await customer.http.get(address)
            assert reply.status_code == 200, reply.text
            shown: dict[str, Any] = reply.json()
            if shown["status"] not in ("pending", "processing", "building"):
                return shown
            await asyncio.sleep(0.05)
