"""What the pages of administration show."""

from __future__ import annotations

from uuid import uuid4

from tests.interfaces.http.conftest import Customer

Parts = dict[str, str]


async def a_key(customer: Customer) -> Parts:
    made = await customer.http.post("/v1/keys", json={"name": "the shop", "scopes": ["conversations:write"]})
    return {"key": made.json()["id"]}


async def an_operator(customer: Customer) -> Parts:
    body = {"email": f"max-{uuid4().hex[:8]}@example.com", "name": "Max", "roles": ["agent"]}
    return {"operator": (await customer.http.post("/v1/operators", json=body)).json()["id"]}


async def a_rollout(customer: Customer) -> Parts:
    """Where one is under way already it goes on."""
    shown = (await customer.http.get("/v1/flags")).json()["items"]
    if not any(each["rollout"] for each in shown if each["name"] == "routing"):
        await customer.http.put("/v1/flags/routing", json={"percentage": 5})
        reply = await customer.http.post("/v1/flags/routing/rollout")
        assert reply.status_code == 201, reply.text
    return {"flag": "routing"}


async def a_state(customer: Customer) -> Parts:
    id = (await an_operator(customer))["operator"]
    await customer.http.put(f"/v1/operators/{id}/roles", json={"roles": ["agent", "reviewer"]})
    return {"kind": "operator", "id": id}


async def an_erasure(customer: Customer) -> Parts:
    await customer.ask("Hello", address="erased")
    reply = await customer.http.post("/v1/customers/forget", json={"channel": "http", "address": "erased"})
    assert reply.status_code in (202, 404), reply.text
    return {}
