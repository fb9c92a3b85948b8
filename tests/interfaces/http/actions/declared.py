"""An endpoint on loopback with what is declared there, for all files of actions."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from application.actions import calling
from infra.outgoing.client import Outgoing
from interfaces.bootstrap import Services
from tests.doubles.wire import Reply, Wire, serving
from tests.interfaces.http.conftest import Customer

ORDER = {"type": "object", "properties": {"order": {"type": "string"}}, "required": ["order"]}
STATUS = {"type": "object", "properties": {"status": {"type": "string"}}, "required": ["status"]}


def action(wire: Wire, **more: Any) -> dict[str, Any]:
    return {
        "description": "Tells where an order is",
        "effect": "read",
        "target": {"type": "http", "url": f"http://127.0.0.1:{wire.port}/status"},
        "arguments": ORDER,
        "result": STATUS,
        "done": {"en": "Order {order} is {status}.", "de": "Bestellung {order}: {status}."},
        "rule": {"words": ["where is my order", "wo ist meine bestellung"], "arguments": {"order": "order"}},
        **more,
    }


def refund(wire: Wire, **more: Any) -> dict[str, Any]:
    given = {
        "description": "Refunds an order",
        "effect": "write",
        "consent": "customer",
        "result": None,
        "confirm": {"en": "refund order {order}"},
        "done": {"en": "Order {order} is refunded."},
        "bound": {"payer": "address"},
        "arguments": {
            "type": "object",
            "properties": {"order": {"type": "string"}, "payer": {"type": "string"}},
            "required": ["order", "payer"],
        },
        "rule": {"words": ["refund"], "arguments": {"order": "order"}},
    }
    return action(wire, **{**given, **more})


@asynccontextmanager
async def declared_for(parts: Services, customer: Customer) -> AsyncIterator[tuple[Wire, dict[str, str]]]:
    """An endpoint to which this deployment may send, with what the customer's tenant declares there; and each action's secret."""
    caller: Any = parts.action_caller
    before = caller._private, caller._http, calling.PAUSE
    caller._private, caller._http, calling.PAUSE = True, Outgoing(guarded=False, kept=None), 0.01
    wire = Wire(lambda call: Reply(body=b"{}"))
    async with serving(wire):
        bodies = {
            "order_status": action(wire),
            "refund_order": refund(wire, authorization="Bearer sesame"),
            "cancel_order": refund(
                wire, consent="operator", rule={"words": ["cancel"], "arguments": {"order": "order"}}
            ),
        }
        made = {
            name: await customer.http.put(f"/v1/actions/{name}", json=body) for name, body in bodies.items()
        }
        assert {answer.status_code for answer in made.values()} == {200}
        await asyncio.sleep(1.05)  # until every process sees what was set
        yield wire, {name: answer.json()["secret"] for name, answer in made.items()}
    await caller._http.aclose()
    caller._private, caller._http, calling.PAUSE = before
