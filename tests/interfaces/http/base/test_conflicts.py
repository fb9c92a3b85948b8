"""Commands at the same moment, in two processes of one deployment: what commutes is done, whoever was first."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest_asyncio

from domain.tenancy.scopes import SCOPES
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


async def test_two_admins_who_revoke_each_other_at_once_leave_one(both: list[httpx.AsyncClient]) -> None:
    """Whatever process each of them comes to."""
    first = (await both[0].get("/v1/keys")).json()["items"][0]["id"]
    for n in range(6):
        made = (await both[0].post("/v1/keys", json={"name": f"{n}", "scopes": list(SCOPES)})).json()
        seconds = {"X-Tenant-API-Key": made["secret"]}
        a, b = await asyncio.gather(
            both[0].delete(f"/v1/keys/{made['id']}"),
            both[n % PROCESSES].delete(f"/v1/keys/{first}", headers=seconds),
        )
        assert sorted((a.status_code, b.status_code)) in ([204, 422], [204, 401]), (a.text, b.text)
        if b.status_code == 204:
            first = made["id"]
            for client in both:
                client.headers.update(seconds)
        assert (await both[0].get("/v1/keys")).status_code == 200


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


async def test_of_many_who_expect_the_same_version_one_wins_and_the_others_hear_it(
    both: list[httpx.AsyncClient],
) -> None:
    """60 settings at once in two processes: nothing is overwritten unseen."""
    seen = await both[0].get("/v1/budgets")
    assert seen.headers["ETag"] == '"0"'
    replies = await asyncio.gather(
        *(
            both[n % PROCESSES].put("/v1/budgets", json={"day": str(n + 1)}, headers={"If-Match": '"0"'})
            for n in range(60)
        )
    )
    (won,) = [reply for reply in replies if reply.status_code == 200]
    lost = [reply for reply in replies if reply.status_code == 409]
    assert len(lost) == 59
    version = won.json()["version"]
    assert won.headers["ETag"] == f'"{version}"'
    assert {(reply.json()["version"], reply.headers["ETag"]) for reply in lost} == {(version, f'"{version}"')}
    left = await both[1].get("/v1/budgets", headers={"Retrace-Position": won.headers["Retrace-Position"]})
    assert left.json()["limits"]["day"] == won.json()["limits"]["day"]


async def versions(client: httpx.AsyncClient) -> dict[str, tuple[str, str, Any]]:
    """Where a version is read → a command about it."""
    tenant = (await client.get("/v1/tenants")).json()["items"][0]["id"]
    key = (await client.get("/v1/keys")).json()["items"][0]["id"]
    message = {"customer": {"channel": "http", "address": "ann"}, "text": "Hello?"}
    conversation = (await client.post("/v1/messages", json=message)).json()["conversation"]
    tier = {"provider": "local", "model": "extractive", "reason": "here"}
    names = ("simple_queries", "default", "complex_reasoning", "large_context")
    policy = {"tiers": dict.fromkeys(names, tier)}
    model = {"id": "together/nordfell/support-8b", "context_window": 32_768}
    price = {"model": "local/extractive", "input": "0.1", "output": "0.1"}
    return {
        "/v1/agent/configuration": ("PUT", "/v1/agent/configuration", {"tone": "warm"}),
        "/v1/budgets": ("PUT", "/v1/budgets", {"day": "7"}),
        "/v1/retention": ("PUT", "/v1/retention", {"days": 99}),
        "/v1/routing": ("PUT", "/v1/routing", policy),
        "/v1/flags": ("PUT", "/v1/flags/full_agent", {"on": True, "percentage": 44}),
        "/v1/models": ("PUT", "/v1/models", model),
        "/v1/prices": ("PUT", "/v1/prices", price),
        "/v1/keys": ("POST", "/v1/keys", {"name": "k", "scopes": ["audit:read"]}),
        f"/v1/keys/{key}": ("POST", f"/v1/keys/{key}/rotate", {"overlap_hours": 1}),
        f"/v1/tenants/{tenant}": ("PATCH", f"/v1/tenants/{tenant}", {"name": "Another"}),
        f"/v1/conversations/{conversation}": ("POST", f"/v1/conversations/{conversation}/close", None),
    }


async def test_whatever_is_changed_tells_its_version_and_takes_the_one_that_is_expected(
    both: list[httpx.AsyncClient],
) -> None:
    client = both[0]
    for read, (method, path, body) in (await versions(client)).items():
        seen = (await client.get(read)).headers["ETag"]
        other = {"If-Match": f'"{int(seen.strip(chr(34))) + 1}"'}
        refused = await client.request(method, path, json=body, headers=other)
        assert (refused.status_code, refused.headers.get("ETag")) == (409, seen), (path, refused.text)
        assert (await client.get(read)).headers["ETag"] == seen
        tags = {"If-Match": f'"999", W/{seen}'}
        done = await client.request(method, path, json=body, headers=tags)
        assert done.status_code in (200, 201), (path, done.text)
        again = await client.request(method, path, json=body, headers=tags)
        assert again.status_code == 409, (path, again.text)
        if method == "PUT":
            assert done.headers["ETag"] == (await client.get(read)).headers["ETag"], path


async def test_an_expectation_that_is_none_or_that_nobody_looks_at_is_400(
    both: list[httpx.AsyncClient],
) -> None:
    for wrong in ("7", "", '"x"', '"7" "8"', '"7",'):
        reply = await both[0].put("/v1/budgets", json={"day": "7"}, headers={"If-Match": wrong})
        assert (reply.status_code, "ETag" in reply.json()["detail"]) == (400, True), wrong
    body = {"query": "opening hours"}
    reply = await both[0].post("/v1/search", json=body, headers={"If-Match": '"7"'})
    assert reply.status_code == 400
    assert (await both[0].put("/v1/budgets", json={"day": "7"}, headers={"If-Match": "*"})).status_code == 200


SETTINGS = {
    "/v1/agent/configuration": ("/v1/agent/configuration", {"tone": "{}"}, "tone"),
    "/v1/budgets": ("/v1/budgets", {"day": "{}"}, "day"),
    "/v1/flags": ("/v1/flags/full_agent", {"on": True, "percentage": 0}, "percentage"),
    "/v1/prices": ("/v1/prices", {"model": "local/extractive", "input": "{}", "output": "1"}, "input"),
}


async def test_a_position_counts_on_every_read_in_every_process(both: list[httpx.AsyncClient]) -> None:
    """What one process has written the other one knows, who has just read what was there before."""
    here, there = both
    for round in (11, 12, 13):
        for read, (path, body, field) in SETTINGS.items():
            before = await there.get(read)
            value: Any = round if isinstance(body[field], int) else str(round)
            wrote = await here.put(path, json={**body, field: value})
            assert wrote.status_code == 200, (path, wrote.text)
            position = {"Retrace-Position": wrote.headers["Retrace-Position"]}
            after = await there.get(read, headers=position)
            assert (after.headers["ETag"], before.status_code) == (wrote.headers["ETag"], 200), read
    (models, price) = [
        await there.get(path, headers=position)
        for path in ("/v1/models/local/extractive", "/v1/prices?model=local/extractive")
    ]
    assert models.json()["price"] == price.json()["items"][-1]
    beyond = {"Retrace-Position": str(int(position["Retrace-Position"]) + 10**6)}
    for read in ("/v1/agent/configuration", "/v1/budgets", "/v1/routing", "/v1/models", "/v1/keys"):
        reply = await there.get(read, headers=beyond)
        assert (reply.status_code, type(reply.json()["end"])) == (409, int), read
        assert (await there.get(read, headers={"Retrace-Position": "new"})).status_code == 400
