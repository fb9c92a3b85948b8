"""The completions API on a running server, before a provider played at the wire: one of each for all files, a tenant of its own for each test."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import openai
import pytest
import pytest_asyncio
import uvicorn

from domain.chat.call import Call
from infra.embedded import Servers
from infra.providers.access import ProviderAccess
from infra.settings import Secret, Settings
from interfaces.asgi import create_app
from interfaces.bootstrap import Services, services
from tests.doubles.openai import Double, openai_double
from tests.interfaces.http.conftest import Customer, customer_of, settings_of
from tests.interfaces.http.upstream import asking

ASK: Any = [{"role": "user", "content": "When are you open?"}]


@pytest_asyncio.fixture(scope="session")
async def upstream() -> AsyncIterator[Double]:
    async with openai_double() as double:
        yield double


@pytest.fixture(scope="session", name="settings")
def _settings(servers: Servers, lasting_url: str, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return settings_of(servers, lasting_url, tmp_path_factory.mktemp("chat"))


@pytest_asyncio.fixture(scope="session", name="parts")
async def _parts(settings: Settings, upstream: Double) -> AsyncIterator[Services]:
    at = asking(settings, upstream.url("scripted"))
    elsewhere = ProviderAccess(api_key=Secret("k"), base_url=upstream.url("elsewhere"))
    providers = {**at.providers, "compatible": elsewhere}
    async with services(msgspec.structs.replace(at, providers=providers), pool=6) as parts:
        yield parts


@pytest.fixture(scope="session")
def bare(parts: Services) -> Any:
    """The application with no role beside it."""
    return create_app(parts)


@pytest_asyncio.fixture(scope="session")
async def address(bare: Any) -> AsyncIterator[str]:
    """Of a real server, for what is streamed and cut."""
    server = uvicorn.Server(uvicorn.Config(bare, port=0, log_config=None, lifespan="off"))
    task = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    await task


@pytest_asyncio.fixture
async def shop(bare: Any, parts: Services, upstream: Double) -> AsyncIterator[Customer]:
    """No provider is held to be down for what an earlier test had it do."""
    upstream.script = lambda body: "ok"
    await parts.health.reset(await parts.health.all())
    customer = await customer_of(bare, parts, "Shop")
    async with customer.http:
        yield customer


@pytest_asyncio.fixture(scope="session", name="connected")
async def _connected(address: str) -> AsyncIterator[openai.AsyncOpenAI]:
    """To make one reads all authorities, which takes longer than a call."""
    async with openai.AsyncOpenAI(api_key="nobody's", base_url=f"{address}/v1") as client:
        yield client


@pytest.fixture
def client(connected: openai.AsyncOpenAI, shop: Customer) -> openai.AsyncOpenAI:
    return connected.with_options(api_key=shop.key)


async def calls(parts: Services, shop: Customer) -> list[list[Any]]:
    """The events of each call on record, in order."""
    found: dict[Any, list[Any]] = {}
    async for recorded in parts.store.events(shop.tenant):
        if isinstance(recorded.event, Call.Event):
            found.setdefault(recorded.stream, []).append(recorded.event)
    return list(found.values())
