"""Actions are declared, changed and withdrawn at the console, by fields; what the API refuses stands beside its field, and what was typed stays."""

from __future__ import annotations

import json
import re

import pytest_asyncio

from tests.interfaces.http.conftest import Customer
from tests.interfaces.http.console.people import Person, joined
from tests.interfaces.http.console.worlds.agent import ORDER

PAGE = "/console/actions/order_status"
FIELDS = {
    "description": "Tells where an order is",
    "effect": "read",
    "consent": "none",
    "url": "https://1.1.1.1/status",
    "tool": "",
    "arguments": json.dumps(ORDER),
    "result": "",
    "bound": "",
    "timeout_seconds": "5",
    "minutes": "30",
    "confirm": "",
    "done": "en: Order {order}: see there.\nde: Bestellung {order}: siehe dort.",
    "words": "where is my order\nwo ist meine bestellung",
    "intents": "",
    "taken_from": "order: order",
    "authorization": "Bearer sesame",
}


@pytest_asyncio.fixture(scope="module", name="ann")
async def _ann(ours: Customer) -> Person:
    person = await joined(ours, "ann@example.com", "admin")
    assert (await person.sign_in()).status_code == 303
    return person


async def test_an_action_is_declared_changed_and_withdrawn(ours: Customer, ann: Person) -> None:
    named = await ann.send("/console/actions/name", {"name": "order_status"})
    assert named.headers["location"] == PAGE
    assert (await ann.send("/console/actions/name", {"name": "Order status"})).status_code == 400
    assert "It is not declared" in (await ann.http.get(PAGE)).text
    made = await ann.send(f"{PAGE}/declare", FIELDS)
    assert made.status_code == 200, made.text
    assert re.search(r'<code class="key">whsec_', made.text)
    known = (await ours.http.get("/v1/actions/order_status")).json()
    assert known["authorized"]
    assert known["action"]["target"] == {"type": "http", "url": "https://1.1.1.1/status"}
    assert known["action"]["rule"] == {
        "words": ["where is my order", "wo ist meine bestellung"],
        "arguments": {"order": "order"},
    }
    page = (await ann.http.get(PAGE)).text
    assert "sesame" not in page
    version = re.search(r'name="version" value="(\d+)"', page)
    assert version is not None
    changed = {**FIELDS, "tool": "status", "authorization": "", "version": version[1]}
    assert (await ann.send(f"{PAGE}/declare", changed)).status_code == 303
    known = (await ours.http.get("/v1/actions/order_status")).json()
    assert known["authorized"], "left empty, it stays"
    assert known["action"]["target"]["tool"] == "status"
    stale = await ann.send(f"{PAGE}/declare", {**changed, "description": "Mine"})
    assert (stale.status_code, "Mine" in stale.text) == (409, True), "somebody was first"
    gone = {**changed, "version": "", "without_authorization": "true"}
    assert (await ann.send(f"{PAGE}/declare", gone)).status_code == 303
    assert not (await ours.http.get("/v1/actions/order_status")).json()["authorized"]
    assert (await ann.send(f"{PAGE}/withdraw")).status_code == 303
    assert (await ours.http.get("/v1/actions/order_status")).status_code == 404


async def test_what_is_refused_stands_beside_its_field(ann: Person) -> None:
    for field, text in (
        ("url", "ftp://shop.example.com"),
        ("bound", "order: telephone"),
        ("taken_from", "order: parcel"),
        ("arguments", "{"),
        ("timeout_seconds", "90"),
        ("confirm", "en: {colour}?"),
        ("done", "Order without a language"),
    ):
        refused = await ann.send(f"{PAGE}/declare", {**FIELDS, field: text})
        assert refused.status_code in (400, 422), (field, refused.text)
        id = f"console-actions-order_status-declare-{field.replace('_', '-')}"
        assert re.search(rf'id="{id}"[^>]*aria-invalid="true"', refused.text), (field, refused.text)
        assert text.replace('"', "&#34;") in refused.text, field
        assert "wo ist meine bestellung" in refused.text
        assert "sesame" not in refused.text


async def test_who_may_not_declare_sees_calls_alone(ours: Customer) -> None:
    ben = await joined(ours, "ben@example.com", "agent")
    await ben.sign_in()
    assert (await ben.http.get("/console/actions")).status_code == 403
    assert (await ben.send(f"{PAGE}/declare", FIELDS)).status_code == 403
    assert (await ben.http.get("/console/action-calls")).status_code == 200
    refused = await ben.http.get("/console/action-calls?action=NO")
    assert (refused.status_code, "<h1>" in refused.text) == (400, True)
