"""Keys for browser apps are taken from their origins alone, and browsers are told which may call."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import msgspec
import pytest_asyncio

from infra.settings import Settings
from interfaces.bootstrap import Services, services
from interfaces.http.base.browsers.cors import EXPOSED
from tests.interfaces.http.conftest import Customer

APP = "https://app.example"
BODY = {"name": "widget", "scopes": ["conversations:write"], "origins": [f"{APP}:443/"]}


@pytest_asyncio.fixture(scope="module", name="parts")
async def _parts(settings: Settings) -> AsyncIterator[Services]:
    told = msgspec.structs.replace(settings, cors_origins=f"{APP},https://other.example")
    async with services(told, pool=4) as parts:
        yield parts


async def read(app: Any, key: str, origin: str | None) -> httpx.Response:
    headers = {"X-Tenant-API-Key": key} | ({} if origin is None else {"Origin": origin})
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://retrace") as client:
        return await client.get("/v1/models", headers=headers)


async def test_a_bound_key_is_taken_from_its_origin_alone_and_stays_bound(app: Any, ours: Customer) -> None:
    made = (await ours.http.post("/v1/keys", json=BODY)).json()
    assert (await ours.http.get(f"/v1/keys/{made['id']}")).json()["origins"] == [APP]
    rotated = (await ours.http.post(f"/v1/keys/{made['id']}/rotate")).json()
    for key in (made["secret"], rotated["secret"]):
        good = await read(app, key, APP)
        assert (good.status_code, good.headers["Access-Control-Allow-Origin"]) == (200, APP)
        assert set(good.headers["Access-Control-Expose-Headers"].split(", ")) == set(EXPOSED)
        assert "Access-Control-Allow-Credentials" not in good.headers
        for origin in (None, "https://other.example", "null", "http://app.example"):
            refused = await read(app, key, origin)
            assert refused.status_code == 403
            assert APP in refused.json()["detail"]


async def test_a_key_for_servers_is_refused_in_a_page(app: Any, ours: Customer) -> None:
    refused = await read(app, ours.key, APP)
    assert (refused.status_code, refused.headers["Access-Control-Allow-Origin"]) == (403, APP)
    assert "`origins`" in refused.json()["detail"]
    assert (await read(app, ours.key, None)).status_code == 200
    assert (await read(app, ours.key, "http://127.0.0.1:8080")).status_code == 200, "it is our own"


async def test_a_key_that_everybody_can_read_may_do_little(ours: Customer) -> None:
    for wrong in (
        {"scopes": ["conversations:write", "tenants:admin"]},
        {"scopes": ["conversations:read"]},
        {"origins": ["https://app.example/page"]},
        {"origins": ["*"] * 8},
    ):
        reply = await ours.http.post("/v1/keys", json=BODY | wrong)
        assert reply.status_code == 400, reply.text
