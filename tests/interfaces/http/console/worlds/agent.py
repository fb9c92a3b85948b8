"""What the pages of the agent show."""

from __future__ import annotations

import asyncio
from itertools import count
from typing import Any

from tests.interfaces.http.conftest import Customer

NEVER = "tenant.erased"
"""Nothing is sent to that address: a name would have to be found, and this does not happen."""

Parts = dict[str, str]
ACCOUNT = "AC" + "0123456789abcdef" * 2
HOURS = {
    "time_zone": "Europe/Vienna",
    "duration_minutes": 30,
    "weekly": [{"weekday": "monday", "opens": "09:00", "closes": "12:00"}],
}


async def _made(customer: Customer, path: str, part: str, /, **body: Any) -> Parts:
    reply = await customer.http.post(path, json=body)
    assert reply.status_code == 201, reply.text
    return {part: reply.json()["id"]}


async def a_configuration(customer: Customer) -> Parts:
    for tone in ("formal", "friendly"):
        await customer.http.put("/v1/agent/configuration", json={"tone": tone})
    versions = (await customer.http.get("/v1/agent/configuration/versions")).json()["items"]
    return {"version": str(versions[-2]["version"])}


async def a_prompt(customer: Customer) -> Parts:
    return {"name": "answer"}


async def a_document(customer: Customer) -> Parts:
    files = {"file": ("hours.md", b"# Hours\n\nWe are open from nine to five, but not on Sundays.\n")}
    reply = await customer.http.post("/v1/documents?wait=15", files=files)
    assert reply.status_code in (200, 201), reply.text
    return {"document": reply.json()["id"]}


async def an_entry(customer: Customer) -> Parts:
    return await _made(
        customer,
        "/v1/knowledge",
        "entry",
        title="When are you open?",
        content="From nine to five.",
        category="Hours",
    )


async def a_product(customer: Customer) -> Parts:
    return await _made(
        customer, "/v1/catalog/products", "product", name="Kettle", price="39.90", currency="EUR", stock=3
    )


async def a_service(customer: Customer) -> Parts:
    return await _made(
        customer,
        "/v1/catalog/services",
        "service",
        name="Haircut",
        price="30.00",
        currency="EUR",
        availability=HOURS,
    )


async def an_account(customer: Customer) -> Parts:
    body = {"auth_token": "0123456789abcdef", "senders": ["whatsapp:+4312345678"]}
    reply = await customer.http.put(f"/v1/channels/twilio/{ACCOUNT}", json=body)
    assert reply.status_code == 200, reply.text
    return {"account": ACCOUNT}


async def an_endpoint(customer: Customer) -> Parts:
    found = (await customer.http.get("/v1/webhooks")).json()["items"]
    if found:
        return {"endpoint": found[0]["id"]}
    return await _made(
        customer,
        "/v1/webhooks",
        "endpoint",
        url="https://1.1.1.1/hooks",
        events=[NEVER],
    )


ORDER = {"type": "object", "properties": {"order": {"type": "string"}}, "required": ["order"]}
CANCEL = {
    "description": "Cancels an order",
    "effect": "write",
    "consent": "operator",
    "target": {"type": "http", "url": "https://1.1.1.1/cancel"},
    "arguments": ORDER,
    "rule": {"words": ["cancel"], "arguments": {"order": "order"}},
}
"""It waits for an operator: nothing is sent there."""


async def an_action(customer: Customer) -> Parts:
    reply = await customer.http.put("/v1/actions/cancel_order", json=CANCEL)
    assert reply.status_code == 200, reply.text
    return {"name": "cancel_order"}


async def a_call(customer: Customer) -> Parts:
    await an_action(customer)
    async with asyncio.timeout(20):
        for number in count():
            found = (await customer.http.get("/v1/action-calls?action=cancel_order")).json()["items"]
            if found:
                return {"call": found[0]["id"]}
            if number % 5 == 0:  # not before every process sees what was declared is one asked for
                await customer.ask("Cancel order A-90", address=f"caller {number}", wait=0)
            await asyncio.sleep(0.4)
    raise AssertionError("no call came")
