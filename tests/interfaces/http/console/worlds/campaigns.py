"""A campaign, so that its pages have something to show."""

from __future__ import annotations

from collections.abc import Mapping

from interfaces.http import EXAMPLES
from tests.interfaces.http.conftest import Customer
from tests.interfaces.http.console.worlds.agent import an_account

Parts = Mapping[str, str]


async def a_campaign(customer: Customer) -> Parts:
    await an_account(customer)
    plan = {**EXAMPLES["post", "/v1/campaigns"], "sender": None}
    reply = await customer.http.post("/v1/campaigns", json=plan)
    assert reply.status_code == 201, reply.text
    return {"campaign": reply.json()["id"]}
