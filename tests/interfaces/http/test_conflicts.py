"""Commands at the same moment, in two processes of one deployment: what commutes is done, whoever was first."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest_asyncio

from infra.settings import Settings
from interfaces.asgi import create_app
from interfaces.bootstrap import Services, services
from tests.interfaces.http.conftest import OPERATOR, customer_of

PROCESSES = 2
AS_OPERATOR = {"X-Tenant-API-Key": OPERATOR}


@pytest_asyncio.fixture(scope="module", name="others")
async def _others(settings: Settings, app: Any) -> AsyncIterator[list[Any]]:
    """The applications of all processes: they share the servers, and nothing else."""
    async with services(settings, pool=4) as parts:
        yield [app, create_app(parts)]


@pytest_asyncio.fixture(name="both")
async def _both(others: list[Any], parts: Services) -> AsyncIterator[list[httpx.AsyncClient]]:
    """A tenant's clients, one to each process."""
    customer = await customer_of(others[0], parts, "Busy")
    headers = customer.http.headers
    await customer.http.aclose()
    clients = [
        httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="http://retrace", headers=headers, timeout=30
        )
        for app in others
    ]
    yield clients
    for client in clients:
        await client.aclose()


async def test_keys_that_are_revoked_at_once_are_all_revoked(both: list[httpx.AsyncClient]) -> None:
    made = [
        (await both[0].post("/v1/keys", json={"name": f"key {n}", "scopes": ["audit:read"]})).json()["id"]
        for n in range(8)
    ]
    replies = await asyncio.gather(
        *(both[n % PROCESSES].delete(f"/v1/keys/{key}") for n, key in enumerate(made))
    )
    assert [reply.status_code for reply in replies] == [204] * 8
    keys = {key["id"]: key["revoked"] for key in (await both[0].get("/v1/keys")).json()["items"]}
    assert all(keys[key] for key in made)


async def test_what_commutes_is_done_by_all_who_ask(both: list[httpx.AsyncClient]) -> None:
    """Each command four times at once, and all of them beside each other."""
    tenant = (await both[0].get("/v1/tenants")).json()["items"][0]["id"]
    message = {"customer": {"channel": "http", "address": "ann"}, "text": "Hello?", "wait": 0}
    conversation = (await both[0].post("/v1/messages", json=message)).json()["conversation"]

    def commands(n: int) -> list[tuple[str, str, Any, dict[str, str]]]:
        return [
            ("POST", "/v1/keys", {"name": f"new {n}", "scopes": ["audit:read"]}, {}),
            ("PATCH", f"/v1/tenants/{tenant}", {"name": f"Busy {n}"}, {}),
            ("POST", f"/v1/tenants/{tenant}/resume", None, AS_OPERATOR),
            ("POST", f"/v1/conversations/{conversation}/close", None, {}),
            ("POST", "/v1/messages", {**message, "text": f"Hello {n}?"}, {}),
            ("PUT", "/v1/agent/configuration", {"tone": f"calm {n}"}, {}),
            ("PUT", "/v1/budgets", {"day": str(n + 1)}, {}),
            ("PUT", "/v1/flags/full_agent", {"on": True, "percentage": 50 + n}, {}),
            ("PUT", "/v1/retention", {"days": 30 + n}, {}),
        ]

    replies = await asyncio.gather(
        *(
            both[n % PROCESSES].request(method, path, json=body, headers=headers)
            for n in range(4)
            for method, path, body, headers in commands(n)
        )
    )
    told = {(reply.request.method, reply.request.url.path, reply.status_code) for reply in replies}
    assert {status for _, _, status in told} <= {200, 201, 202, 204}, told
