"""What the pages of alerts show."""

from __future__ import annotations

from tests.interfaces.http.conftest import Customer

Parts = dict[str, str]


async def a_rule(customer: Customer) -> Parts:
    """One of those that every tenant has."""
    return {"alert": (await customer.http.get("/v1/alerts/rules")).json()["items"][0]["name"]}


async def a_channel(customer: Customer) -> Parts:
    body = {"kind": "pagerduty", "name": "On call", "settings": {"routing_key": "0" * 32}, "enabled": False}
    reply = await customer.http.post("/v1/alerts/channels", json=body)
    assert reply.status_code == 201, reply.text
    return {"channel": reply.json()["id"]}
