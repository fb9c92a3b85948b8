"""Tenants: made, suspended, resumed, removed by the operator; seen and renamed by themselves."""

from __future__ import annotations

import asyncio
from uuid import uuid4

import httpx

from interfaces.http import EXAMPLES
from tests.interfaces.http.conftest import OPERATOR, Customer

AS_OPERATOR = {"Authorization": f"Bearer {OPERATOR}"}


async def test_a_tenant_lives_through_its_states(anyone: httpx.AsyncClient) -> None:
    made = await anyone.post("/v1/tenants", json={"name": "Short-lived"}, headers=AS_OPERATOR)
    assert made.status_code == 201
    address = made.headers["Location"]
    assert address == f"/v1/tenants/{made.json()['id']}"
    own = {"X-Tenant-API-Key": made.json()["key"]}
    assert (await anyone.get("/v1/conversations", headers=own)).json() == {"items": [], "next_cursor": None}
    assert (await anyone.get(address, headers=own)).json()["status"] == "active"

    suspended = await anyone.post(f"{address}/suspend", json={"reason": "unpaid"}, headers=AS_OPERATOR)
    assert suspended.json()["status"] == "suspended"
    await asyncio.sleep(1.1)
    assert (await anyone.get("/v1/conversations", headers=own)).status_code == 403
    body = {"customer": {"channel": "http", "address": "a"}, "text": "Hello?"}
    assert (await anyone.post("/v1/messages", json=body, headers=own)).status_code == 403

    resumed = await anyone.post(f"{address}/resume", headers=AS_OPERATOR)
    assert resumed.json()["status"] == "active"
    await asyncio.sleep(1.1)
    assert (await anyone.post("/v1/messages", json=body, headers=own)).status_code == 200

    removed = await anyone.delete(address, headers=AS_OPERATOR)
    assert removed.status_code == 204
    assert "Retrace-Position" in removed.headers
    await asyncio.sleep(1.1)
    assert (await anyone.get("/v1/conversations", headers=own)).status_code == 403
    assert (await anyone.delete(address, headers=AS_OPERATOR)).status_code == 403
    assert (await anyone.get(address, headers=AS_OPERATOR)).json()["status"] == "removed"


async def test_the_operator_sees_all_tenants_page_by_page(anyone: httpx.AsyncClient, ours: Customer) -> None:
    for name in ("One", "Two", "Three"):
        await anyone.post("/v1/tenants", json={"name": name}, headers=AS_OPERATOR)
    names: list[str] = []
    cursor: str | None = None
    while True:
        query = {"limit": "2", **({"cursor": cursor} if cursor else {})}
        page = (await anyone.get("/v1/tenants", params=query, headers=AS_OPERATOR)).json()
        names += [item["name"] for item in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert {"One", "Two", "Three", "Ours"} <= set(names)
    assert len(names) == len(set(names))


async def test_a_tenant_sees_and_renames_itself_only(ours: Customer, theirs: Customer) -> None:
    listed = (await ours.http.get("/v1/tenants")).json()
    assert [item["id"] for item in listed["items"]] == [str(ours.tenant)]
    renamed = await ours.http.patch(f"/v1/tenants/{ours.tenant}", json={"name": "Ours, renamed"})
    assert renamed.json()["name"] == "Ours, renamed"
    again = await ours.http.patch(f"/v1/tenants/{ours.tenant}", json={"name": "Ours, renamed"})
    assert again.status_code == 200
    assert again.headers["Retrace-Position"] == renamed.headers["Retrace-Position"]
    await ours.http.patch(f"/v1/tenants/{ours.tenant}", json={"name": "Ours"})
    assert (await ours.http.get(f"/v1/tenants/{theirs.tenant}")).status_code == 404
    reply = await ours.http.patch(f"/v1/tenants/{theirs.tenant}", json={"name": "Mine"})
    assert reply.status_code == 404


async def test_what_the_operator_does_a_tenant_does_not(ours: Customer) -> None:
    assert (await ours.http.post("/v1/tenants", json={"name": "More"})).status_code == 403
    for action in ("suspend", "resume"):
        assert (await ours.http.post(f"/v1/tenants/{ours.tenant}/{action}")).status_code == 403
    assert (await ours.http.delete(f"/v1/tenants/{ours.tenant}")).status_code == 403


async def test_a_tenant_that_there_is_not_is_an_error_on_every_route_that_takes_one(
    anyone: httpx.AsyncClient,
) -> None:
    paths = (await anyone.get("/schema/openapi.json")).json()["paths"]
    taking = [
        (method, path)
        for path, item in paths.items()
        for method in item
        if path.startswith("/v1/tenants/{tenant}")
    ]
    assert len(taking) >= 6
    unknown = str(uuid4())
    for method, path in taking:
        filled = path.replace("{tenant}", unknown).replace("{key}", "0123456789ab")
        body = EXAMPLES.get((method, path))
        reply = await anyone.request(method, filled, json=body, headers=AS_OPERATOR)
        assert (reply.status_code, unknown in reply.json().get("detail", "")) == (404, True), (
            method,
            path,
            reply.text,
        )
        assert "GET /v1/tenants" in reply.json()["detail"], (path, reply.text)
