"""API keys: rotated with what they had, never the last one lost, and the operator's way back in."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
import pytest_asyncio

from interfaces.bootstrap import Services
from tests.interfaces.http.conftest import OPERATOR, Customer, customer_of

AS_OPERATOR = {"Authorization": f"Bearer {OPERATOR}"}


@pytest_asyncio.fixture(name="fresh")
async def _fresh(app: Any, parts: Services) -> Any:
    """A tenant with its first key."""
    customer = await customer_of(app, parts, "Fresh")
    async with customer.http:
        yield customer


async def issued(customer: Customer, *scopes: str, hours: float | None = None) -> dict[str, str]:
    body: dict[str, Any] = {"name": "app", "scopes": scopes or ["tenants:admin"]}
    if hours is not None:
        body["expires_at"] = (datetime.now(UTC) + timedelta(hours=hours)).isoformat()
    made = await customer.http.post("/v1/keys", json=body)
    assert made.status_code == 201, made.text
    found: dict[str, str] = made.json()
    return found


async def shown(customer: Customer, key: str) -> dict[str, Any]:
    found: dict[str, Any] = (await customer.http.get(f"/v1/keys/{key}")).json()
    return found


async def test_a_rotated_key_expires_when_the_one_before_was_to(fresh: Customer) -> None:
    old = await issued(fresh, "audit:read", "analytics:view", hours=50)
    end = (await shown(fresh, old["id"]))["expires_at"]
    for _ in range(2):  # the second time the old one ends in an hour already
        made = await fresh.http.post(f"/v1/keys/{old['id']}/rotate", json={"overlap_hours": 1})
        assert made.headers["Cache-Control"] == "no-store"
        new = await shown(fresh, made.json()["id"])
        assert (new["expires_at"], set(new["scopes"])) == (end, {"audit:read", "analytics:view"})
    until = datetime.fromisoformat((await shown(fresh, old["id"]))["expires_at"])
    assert until < datetime.now(UTC) + timedelta(hours=1)


@pytest.mark.parametrize("asked", [None, "2040-01-01T00:00:00Z", "2040-01-01T01:00:00+01:00"])
async def test_another_end_is_asked_for(fresh: Customer, asked: str | None) -> None:
    old = await issued(fresh, "audit:read", hours=50)
    made = await fresh.http.post(f"/v1/keys/{old['id']}/rotate", json={"expires_at": asked})
    assert made.status_code == 201, made.text
    end = (await shown(fresh, made.json()["id"]))["expires_at"]
    assert end == (asked and "2040-01-01T00:00:00Z")


@pytest.mark.parametrize("asked", ["2020-01-01T00:00:00Z", "2040-01-01T00:00:00", "soon", 7])
async def test_an_end_that_can_not_be_is_400(fresh: Customer, asked: object) -> None:
    old = await issued(fresh, "audit:read")
    reply = await fresh.http.post(f"/v1/keys/{old['id']}/rotate", json={"expires_at": asked})
    assert reply.status_code == 400, reply.text
    assert (await shown(fresh, old["id"]))["expires_at"] is None


async def test_a_key_that_is_over_rotates_nothing(fresh: Customer) -> None:
    expired, revoked = await issued(fresh, "audit:read", hours=0.0001), await issued(fresh, "audit:read")
    await fresh.http.delete(f"/v1/keys/{revoked['id']}")
    await asyncio.sleep(0.4)
    for key, why in ((expired, "has expired"), (revoked, "is revoked")):
        reply = await fresh.http.post(f"/v1/keys/{key['id']}/rotate", json={"expires_at": None})
        assert reply.status_code == 422
        assert why in reply.json()["detail"]
    assert len((await fresh.http.get("/v1/keys")).json()["items"]) == 3


async def test_the_last_key_that_issues_keys_is_not_revoked(fresh: Customer) -> None:
    await issued(fresh, "audit:read")
    await issued(fresh, hours=2)
    first = (await fresh.http.get("/v1/keys")).json()["items"][0]["id"]
    refused = await fresh.http.delete(f"/v1/keys/{first}")
    assert refused.status_code == 422
    assert "issue another one first" in refused.json()["detail"]
    rotated = (await fresh.http.post(f"/v1/keys/{first}/rotate", json={"overlap_hours": 0.01})).json()
    assert (await fresh.http.delete(f"/v1/keys/{first}")).status_code == 204
    anew = {"X-Tenant-API-Key": rotated["secret"]}
    async with httpx.AsyncClient(transport=fresh.http._transport, base_url="http://retrace") as client:
        assert (await client.delete(f"/v1/keys/{rotated['id']}", headers=anew)).status_code == 422
        assert (await client.get("/v1/keys", headers=anew)).status_code == 200


async def test_the_operator_lets_a_tenant_in_again(fresh: Customer, anyone: httpx.AsyncClient) -> None:
    at = f"/v1/tenants/{fresh.tenant}/keys"
    body = {"name": "way back in", "scopes": ["tenants:admin"]}
    made = await anyone.post(at, json=body, headers=AS_OPERATOR)
    assert made.status_code == 201
    assert made.headers["Location"] == f"{at}/{made.json()['id']}"
    assert int(made.headers["Retrace-Position"]) > 0
    own = {"X-Tenant-API-Key": made.json()["secret"]}
    listed = (await anyone.get(f"{at}?limit=1", headers=AS_OPERATOR)).json()
    rest = (await anyone.get(f"{at}?cursor={listed['next_cursor']}", headers=own)).json()
    assert [key["name"] for key in (*listed["items"], *rest["items"])] == ["first key", "way back in"]
    assert "secret" not in str(listed)
    lost = listed["items"][0]["id"]
    assert (await anyone.delete(f"{at}/{lost}", headers=AS_OPERATOR)).status_code == 204
    last = await anyone.delete(f"{at}/{made.json()['id']}", headers=AS_OPERATOR)
    assert last.status_code == 422
    log = (
        await anyone.get(
            "/v1/audit/events",
            headers={
                **own,
            },
        )
    ).status_code
    assert log == 403, "it has the one scope that it was given"
    events = await anyone.post(f"{at}", json={**body, "scopes": ["audit:read"]}, headers=own)
    reader = {"X-Tenant-API-Key": events.json()["secret"]}
    found = (await anyone.get("/v1/audit/events?kind=tenant.key_issued", headers=reader)).json()["items"]
    assert [event["actor"] for event in found][1] == "operator:deployment"


async def test_keys_of_another_or_no_tenant_are_404(
    fresh: Customer, theirs: Customer, anyone: httpx.AsyncClient
) -> None:
    body = {"name": "a", "scopes": ["tenants:admin"]}
    key = (await theirs.http.get("/v1/keys")).json()["items"][0]["id"]
    for client, tenant in ((fresh.http, theirs.tenant), (anyone, uuid4())):
        headers = AS_OPERATOR if client is anyone else {}
        at = f"/v1/tenants/{tenant}/keys"
        assert (await client.get(at, headers=headers)).status_code == 404
        assert (await client.get(f"{at}?cursor=abc", headers=headers)).status_code == 404
        assert (await client.post(at, json=body, headers=headers)).status_code == 404
        assert (await client.delete(f"{at}/{key}", headers=headers)).status_code == 404
    weak = {"X-Tenant-API-Key": (await issued(fresh, "audit:read"))["secret"]}
    assert (await anyone.get(f"/v1/tenants/{fresh.tenant}/keys", headers=weak)).status_code == 403
