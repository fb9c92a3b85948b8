"""The demo's scene in the shop: a slot that is booked once, and a stock that an answer tells as it is at that moment."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import httpx
from rich.markup import escape

from interfaces.cli.base import console
from interfaces.cli.demo.filling import offer_named

SERVICE, PRODUCT = "Basic bicycle inspection", "Enamel mug, red"
CUSTOMERS = ({"channel": "http", "address": "cleo"}, {"channel": "http", "address": "dan"})


def show(client: httpx.Client) -> int:
    """How much of it did not go as it should."""
    console.print("\n[bold]In the shop[/bold], a slot for one, and two who want it:\n")
    service = offer_named(client, SERVICE)
    first = datetime.now(UTC).date() + timedelta(days=1)
    asked = {"from": first.isoformat(), "to": (first + timedelta(days=13)).isoformat()}
    slots = client.get(f"/v1/catalog/services/{service['id']}/slots", params=asked).raise_for_status().json()
    slot = slots["items"][0]
    console.print(
        f"  {service['name']}, {slot['local_start']}: {slot['free']} free, of {len(slots['items'])} open slots"
    )
    replies = [
        client.post("/v1/bookings", json={"customer": each, "service": service["id"], "start": slot["start"]})
        for each in CUSTOMERS
    ]
    for customer, reply in zip(CUSTOMERS, replies, strict=True):
        told = "has it" if reply.is_success else f"is told: {reply.json()['detail']}"
        console.print(f"  {customer['address']} {escape(told)}", highlight=False)
    mug = offer_named(client, PRODUCT)
    body = {"customer": CUSTOMERS[0], "lines": [{"product": mug["id"], "quantity": 2}]}
    ordered = client.post("/v1/orders", json=body).raise_for_status()
    left = mug["stock"] - 2
    answer = _asked(client, f"How many pieces of the {PRODUCT} are in stock?")
    console.print(
        f"  cleo orders two of {mug['stock']} mugs, and asks how many there are: {escape(answer)}",
        highlight=False,
    )
    seen = {"Retrace-Position": ordered.headers["Retrace-Position"]}
    client.get("/v1/orders", headers=seen).raise_for_status()  # the list has it now, and so have answers
    status = _asked(client, "Where is my order?")
    console.print(f"  cleo asks where her order is: {escape(status)}", highlight=False)
    booked = sorted(reply.status_code for reply in replies) == [201, 422]
    return (not booked) + (f"{left} pieces" not in answer) + (PRODUCT not in status)


def _asked(client: httpx.Client, text: str) -> str:
    asking = {"customer": CUSTOMERS[0], "text": text, "wait": 60}
    return client.post("/v1/messages", json=asking).raise_for_status().json()["text"] or ""
