"""More than the rate allows is 429, says when to come again, and has no effect."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator
from typing import Any

import httpx
import openai
import pytest
import pytest_asyncio

from infra.settings import Settings
from interfaces.asgi import create_app
from interfaces.bootstrap import Services
from tests.interfaces.http.conftest import OPERATOR, UNLIMITED, Customer, customer_of

OPERATORS = {"Authorization": f"Bearer {OPERATOR}"}
PDF = {"file": ("a.txt", b"We open at nine.")}


def bounded(parts: Services, **rates: int) -> Any:
    """The application with other settings; a minute's rate of 1 lets in 20 at once, and then one a minute."""
    given = {name: getattr(parts.settings, name) for name in parts.settings.__struct_fields__}
    return create_app(
        dataclasses.replace(
            parts,
            settings=Settings(**given | UNLIMITED | {f"rate_{name}": rate for name, rate in rates.items()}),
        )
    )


@pytest_asyncio.fixture
async def new(app: Any, parts: Services) -> AsyncIterator[Customer]:
    """A tenant that has sent nothing yet."""
    customer = await customer_of(app, parts, "New")
    async with customer.http:
        yield customer


def to(app: Any, customer: Customer) -> Customer:
    http = httpx.AsyncClient(
        transport=httpx.ASGITransport(app),
        base_url="http://retrace",
        headers=customer.http.headers,
        timeout=30,
    )
    return Customer(customer.tenant, customer.key, http)


def refused(reply: httpx.Response, limit: str) -> dict[str, Any]:
    assert reply.status_code == 429, reply.text
    assert reply.headers["Content-Type"] == "application/problem+json"
    problem: dict[str, Any] = reply.json()
    assert (problem["type"], problem["limit"]) == ("/problems/too-many-requests", limit)
    assert 1 <= int(reply.headers["Retry-After"]) == problem["retry_after"] <= 60
    return problem


async def figure(app: Any, limit: str) -> float:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://retrace") as http:
        text = (await http.get("/metrics")).text
    line = next(
        (
            line
            for line in text.splitlines()
            if line.startswith(f'retrace_rate_limited_total{{limit="{limit}"')
        ),
        "",
    )
    return float(line.rpartition(" ")[2] or 0)


async def test_requests_of_a_tenant_and_of_a_key(parts: Services, new: Customer, theirs: Customer) -> None:
    app = bounded(parts, requests_per_key=1)
    mine, others = to(app, new), to(app, theirs)
    before = await figure(app, "requests_per_key")
    for _ in range(20):
        assert (await mine.http.get("/v1/keys")).status_code == 200
    refused(await mine.http.get("/v1/keys"), "requests_per_key")
    assert await figure(app, "requests_per_key") == before + 1
    other = await new.limited("tenants:admin")
    assert (await mine.http.get("/v1/keys", headers=other)).status_code == 200, "another key of the tenant's"
    assert (await others.http.get("/v1/keys")).status_code == 200
    mine = to(bounded(parts, requests=1), new)
    for number in range(20):
        assert (await mine.http.get("/v1/keys", headers=other if number % 2 else {})).status_code == 200
    for headers in (other, {}):
        refused(await mine.http.get("/v1/keys", headers=headers), "requests")


async def test_messages_of_a_customer(parts: Services, new: Customer) -> None:
    mine = to(bounded(parts, messages_per_customer=1), new)
    for _ in range(20):
        assert (await mine.ask("When are you open?", wait=0)).status_code == 202
    before = await parts.reads.head(new.tenant)
    told = refused(await mine.ask("And when are you closed?", wait=0), "messages_per_customer")
    assert "ann" not in str(told)
    assert (await mine.ask("When are you open?", address="bob", wait=0)).status_code == 202
    found = await new.http.get("/v1/audit/events", params={"after": before, "limit": 200})
    assert "closed" not in found.text


async def test_answers_in_both_forms(parts: Services, new: Customer) -> None:
    app = bounded(parts, answers=1)
    mine = to(app, new)
    for number in range(20):
        assert (await mine.ask("Hello!", address=str(number), wait=0)).status_code == 202
    refused(await mine.ask("Hello!", wait=0), "answers")
    client = openai.AsyncOpenAI(
        api_key=new.key, base_url="http://retrace/v1", http_client=mine.http, max_retries=0
    )
    with pytest.raises(openai.RateLimitError, match="messages and completions a minute") as told:
        await client.chat.completions.create(model="agent", messages=[{"role": "user", "content": "Hello!"}])
    assert told.value.type == "rate_limit_error"
    assert told.value.code == "rate_limit_exceeded"
    assert int(told.value.response.headers["Retry-After"]) >= 1


async def test_uploads_and_searches(parts: Services, new: Customer) -> None:
    mine = to(bounded(parts, uploads=1, searches=1), new)
    for _ in range(20):
        assert (await mine.http.post("/v1/search", json={"query": "opening"})).status_code == 200
        assert (await mine.http.post("/v1/documents", files=PDF)).is_success
    refused(await mine.http.post("/v1/search", json={"query": "opening"}), "searches")
    refused(await mine.http.post("/v1/catalog/search", json={"query": "opening"}), "searches")
    refused(await mine.http.get("/v1/conversations/search", params={"q": "opening"}), "searches")
    refused(await mine.http.post("/v1/documents", files=PDF), "uploads")


async def test_a_tenant_bounds_itself_and_the_operator_grants_it_more(parts: Services, new: Customer) -> None:
    app = bounded(parts, answers=600)
    mine = to(app, new)
    shown = (await mine.http.get("/v1/rate-limits")).json()
    assert (shown["version"], shown["effective"]["answers"], shown["defaults"]["answers"]) == (0, 600, 600)
    made = await mine.http.put("/v1/rate-limits", json={"answers": 1000, "searches": 30})
    assert made.status_code == 200
    assert made.json()["effective"] | {"answers": 600, "searches": 30} == made.json()["effective"]
    granted = f"/v1/tenants/{new.tenant}/rate-limits"
    body = {"answers": 900}
    assert (await mine.http.put(granted, json=body)).status_code == 403, "not by itself"
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://retrace", headers=OPERATORS
    ) as operator:
        given = await operator.put(granted, json=body, headers={"If-Match": made.headers["ETag"]})
        assert given.json()["effective"]["answers"] == 900
        assert (await operator.put(granted, json={"answers": -1})).status_code == 400
        unknown = f"/v1/tenants/{UNKNOWN}/rate-limits"
        assert (await operator.put(unknown, json=body)).status_code == 404
        assert (await operator.get(granted)).json() == given.json()
    kinds = [
        each["kind"]
        for each in (await mine.http.get("/v1/audit/events", params={"limit": 200})).json()["items"]
        if each["kind"].startswith("rate_limits")
    ]
    assert sorted(kinds) == ["rate_limits.created", "rate_limits.granted", "rate_limits.set"]
    assert (await mine.http.put("/v1/rate-limits", json={"searches": 1})).status_code == 200
    found = [(await mine.http.post("/v1/search", json={"query": "opening"})).status_code for _ in range(21)]
    assert found == [200] * 20 + [429]


UNKNOWN = "0190a3c5-0000-7000-8000-000000000000"
