"""A campaign over HTTP, from its draft to what came of it: the whole application, a worker, a projector, and Twilio at the wire."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import httpx
import pytest
import pytest_asyncio

from infra.embedded import Servers
from infra.settings import Secret, Settings
from tests.doubles.twilio import ACCOUNT, SENDER, TOKEN, Twilio, twilio_double
from tests.interfaces.http.conftest import MASTER, OPERATOR, UNLIMITED, Customer
from tests.until import PATIENCE

PUBLIC = "https://retrace.example.com"
ADA, BEN, CAL = (f"whatsapp:+49155501001{n:02d}" for n in (1, 2, 3))
SHOP = {"title": "To the shop", "action": "buy", "url": "https://shop.example.com/boots?a=1"}
PLAN: dict[str, Any] = {
    "name": "Boots",
    "message": {
        "text": "Boots are here.",
        "buttons": [
            {"title": "Tell me more"},
            {"title": "Opening hours", "action": "reply", "reply": "Nine to five."},
            {"title": "No more news", "action": "opt_out", "reply": "As you wish."},
        ],
    },
    "quiet_hours": None,
}


@pytest_asyncio.fixture(scope="module", name="twilio")
async def _twilio() -> AsyncIterator[Twilio]:
    async with twilio_double() as double:
        yield double
        await double.told()
        assert double.mistakes == []


@pytest.fixture(scope="module")
def settings(
    servers: Servers, database_url: str, tmp_path_factory: pytest.TempPathFactory, twilio: Twilio
) -> Settings:
    return Settings(
        database_url=Secret(database_url),
        redis_url=Secret(servers.redis_url) if servers.redis_url else None,
        data=Path(tmp_path_factory.mktemp("data")),
        master_key=Secret(MASTER),
        operator_key=Secret(OPERATOR),
        twilio_base_url=twilio.url,
        public_url=PUBLIC,
        source_timeout_ms=10_000,
        **UNLIMITED,
    )


@pytest_asyncio.fixture
async def webhook(ours: Customer, anyone: httpx.AsyncClient, twilio: Twilio) -> AsyncIterator[str]:
    """The address that Twilio was given; what it calls arrives."""

    async def post(url: str, form: dict[str, str], fields: dict[str, str]) -> int:
        parts = urlsplit(url)
        path = f"{parts.path}?{parts.query}" if parts.query else parts.path
        return (await anyone.post(path, data=form, headers=fields)).status_code

    twilio.post = post
    shown = await ours.http.put(
        f"/v1/channels/twilio/{ACCOUNT}", json={"auth_token": TOKEN, "senders": [SENDER]}
    )
    yield shown.json()["webhook"]
    await twilio.told()


async def begun(ours: Customer, plan: dict[str, Any]) -> str:
    made = await ours.http.post("/v1/campaigns", json=plan)
    assert made.status_code == 201, made.text
    path = made.headers["Location"]
    assert (await ours.http.post(f"{path}/schedule", json={})).json()["status"] == "scheduled"
    return str(path)


async def comes_to(ours: Customer, path: str, **wanted: Any) -> dict[str, Any]:
    """What is there, once these parts of it are so."""
    async with asyncio.timeout(PATIENCE):
        while True:
            shown: dict[str, Any] = (await ours.http.get(path)).json()
            flat = shown | shown["progress"]
            if all(flat[name] == value for name, value in wanted.items()):
                return shown
            await asyncio.sleep(0.05)


async def conversations(ours: Customer) -> set[str]:
    listed = await ours.http.get("/v1/conversations?channel=whatsapp")
    return {each["id"] for each in listed.json()["items"]}


def ids(twilio: Twilio, customer: str) -> dict[str, str]:
    """Buttons of the last message with some: title → id, as they come back."""
    for sent in reversed(twilio.to(customer)):
        if "ContentSid" in sent.form:
            words = json.loads(sent.form["ContentVariables"])
            (shape,) = twilio.contents[sent.form["ContentSid"]]["types"].values()
            name = [(a["title"].strip("{}"), a["id"].strip("{}")) for a in shape["actions"]]
            return {words[title]: words[id] for title, id in name}
    raise AssertionError("no buttons")


async def test_from_its_draft_to_what_came_of_it(ours: Customer, twilio: Twilio, webhook: str) -> None:
    twilio.statuses, twilio.unordered = ("sent", "delivered", "read"), True
    for customer in (ADA, BEN, CAL):
        assert (await twilio.says(webhook, customer, "When are you open?"))[1] == 200
    await twilio.says(webhook, CAL, "STOP")
    made = await ours.http.post("/v1/campaigns", json=PLAN)
    path = made.headers["Location"]
    position = {"Retrace-Position": made.headers["Retrace-Position"]}
    assert (await ours.http.get("/v1/campaigns", headers=position)).json()["items"][0]["id"] in path
    tried = (await ours.http.post(f"{path}/preview", json={})).json()
    assert (tried["audience"], tried["now"], tried["left_out"]) == (3, 2, {"opted_out": 1})
    assert [each["outcome"] for each in tried["customers"]].count("left_out") == 1
    night = {**PLAN, "quiet_hours": {"begin": "00:00", "end": "23:59"}}
    assert (await ours.http.put(path, json=night)).status_code == 200
    later = (datetime.now(UTC) + timedelta(days=2)).replace(hour=3)
    tried = (await ours.http.post(f"{path}/preview", json={"at": later.isoformat()})).json()
    assert {each["outcome"] for each in tried["customers"]} == {"left_out"}, "the window is closed by then"
    assert (await ours.http.put(path, json=PLAN)).json()["plan"]["name"] == "Boots"
    assert (await ours.http.post(f"{path}/schedule", json={})).status_code == 200
    shown = await comes_to(ours, path, status="finished", reached=2, left_out=1, read=2)
    assert (shown["progress"]["reached"], shown["progress"]["left_out"]) == (2, 1)
    assert (await ours.http.put(path, json=PLAN)).status_code == 422
    # Ada presses each button; the agent answers what is its to answer.
    buttons = ids(twilio, ADA)
    before = len(twilio.to(ADA))
    for title in buttons:
        sid, _ = await twilio.says(
            webhook, ADA, title, ButtonText=title, ButtonPayload=buttons[title], MessageType="interactive"
        )
        await twilio.says(
            webhook,
            ADA,
            title,
            sid=sid,
            ButtonText=title,
            ButtonPayload=buttons[title],
            MessageType="interactive",
        )
    async with asyncio.timeout(PATIENCE):
        while not {"Nine to five.", "As you wish."} <= {sent.body for sent in twilio.to(ADA)[before:]}:
            await asyncio.sleep(0.05)
        while len(twilio.to(ADA)) < before + 3:
            await asyncio.sleep(0.05)
    product = {"name": "Boots", "price": "10.00", "currency": "EUR", "stock": 5}
    made = await ours.http.post("/v1/catalog/products", json=product)
    assert made.status_code == 201, made.text
    customer = {"channel": "whatsapp", "address": ADA}
    order = {"customer": customer, "lines": [{"product": made.json()["id"], "quantity": 1}]}
    placed = await ours.http.post("/v1/orders", json=order)
    assert placed.status_code == 201, placed.text
    figures = (
        await ours.http.get(
            f"{path}/figures", headers={"Retrace-Position": placed.headers["Retrace-Position"]}
        )
    ).json()
    assert figures["states"] == {"read": 2}
    assert figures["left_out"] == {"opted_out": 1}
    assert [(each["title"], each["customers"]) for each in figures["buttons"]] == [
        ("Tell me more", 1),
        ("Opening hours", 1),
        ("No more news", 1),
    ]
    facts = [figures[name] for name in ("clicked", "clicks", "opted_out", "converted", "orders", "bookings")]
    assert facts == [1, 3, 1, 1, 1, 0]
    eur = {"currency": "EUR", "orders": 1, "bookings": 0, "amount": "10.00"}
    assert figures["revenue"] == [{**eur, "cancelled": 0, "cancelled_amount": "0"}]
    rows = (await ours.http.get(f"{path}/customers")).json()["items"]
    assert [row["revenue"] for row in rows if row["orders"]] == [{"EUR": "10.00"}]
    assert sorted(row["status"] for row in rows) == ["left_out", "read", "read"]
    # Who bought is in an audience of those who did; she wants none any more.
    bought = {**PLAN, "audience": {"bought": [{"kind": "product", "within_days": 1}]}}
    again = await begun(ours, bought)
    shown = await comes_to(ours, again, status="finished", left_out=1)
    assert shown["progress"]["reached"] == 0
    # Ben gets words of his own; nothing is known of Cal for one of them.
    await twilio.says(webhook, CAL, "START")
    order["customer"] = {"channel": "whatsapp", "address": BEN}
    assert (await ours.http.post("/v1/orders", json=order)).status_code == 201
    words = "Hi {first_name}, laces for your {product}!"
    made = await ours.http.post("/v1/campaigns", json={**PLAN, "message": {"text": words}})
    path = made.headers["Location"]
    async with asyncio.timeout(PATIENCE):  # the read model of who bought what comes after the order
        while (tried := (await ours.http.post(f"{path}/preview", json={})).json())["now"] != 1:
            await asyncio.sleep(0.05)
    assert tried["left_out"] == {"opted_out": 1, "no_value": 1}
    assert [each["missing"] for each in tried["customers"] if each["why"] == "no_value"] == [["product"]]
    assert (await ours.http.post(f"{path}/schedule", json={})).status_code == 200
    await comes_to(ours, path, status="finished", reached=1)
    assert twilio.to(BEN)[-1].body == "Hi Ada, laces for your Boots!"


async def test_a_page_is_counted_and_leads_where_the_plan_says(
    ours: Customer, anyone: httpx.AsyncClient, twilio: Twilio, webhook: str
) -> None:
    twilio.statuses = ()
    dan = "whatsapp:+4915550100104"
    known = await conversations(ours)
    await twilio.says(webhook, dan, "Hi")
    async with asyncio.timeout(PATIENCE):
        while not (new := await conversations(ours) - known):
            await asyncio.sleep(0.05)
    plan = {
        **PLAN,
        "message": {"text": "Boots.", "buttons": [SHOP]},
        "audience": {"conversations": sorted(new)},
    }
    path = await begun(ours, plan)
    await comes_to(ours, path, status="finished", reached=1)
    sent = next(each for each in reversed(list(twilio.messages.values())) if "ContentSid" in each.form)
    (token,) = [word for word in sent.form["ContentVariables"].split('"') if word.startswith("c/")]
    opened = await anyone.get(f"/{token}")
    assert (opened.status_code, opened.headers["Location"]) == (302, SHOP["url"])
    for wrong in (token[:-4] + "AAAA", token[:-1], token + "A", "c/" + "A" * 82):
        assert (await anyone.get(f"/{wrong}")).status_code in (400, 404), wrong
    async with asyncio.timeout(PATIENCE):
        while (found := (await ours.http.get(f"{path}/figures")).json())["clicks"] != 1:
            await asyncio.sleep(0.05)
    assert found["buttons"] == [{"title": "To the shop", "action": "buy", "customers": 1}]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"sender": "whatsapp:+15550109999"}, "there are: whatsapp:+15550100100"),
        ({"message": {"template": {"name": "spring", "body": "Hi"}}}, "has no approved template spring"),
        ({"audience": {"bought": [{"kind": "product", "item": str(uuid4())}]}}, "there is no product"),
        ({"message": {"text": "x" * 1601}}, "at most 1600"),
        ({"quiet_hours": {"begin": "25:00", "end": "09:00"}}, "quiet_hours"),
        ({"colour": "red"}, "colour"),
    ],
)
async def test_what_can_not_be_sent_is_refused_with_the_way_out(
    ours: Customer, webhook: str, change: dict[str, Any], says: str
) -> None:
    made = await ours.http.post("/v1/campaigns", json={**PLAN, **change})
    assert made.status_code == 400, made.text
    assert says in made.text


async def test_another_tenant_and_another_key_see_nothing(
    ours: Customer, theirs: Customer, webhook: str
) -> None:
    made = await ours.http.post("/v1/campaigns", json=PLAN)
    path = made.headers["Location"]
    for method, end, body in (
        ("GET", "", None),
        ("PUT", "", PLAN),
        ("POST", "/preview", {}),
        ("POST", "/schedule", {}),
        ("POST", "/pause", None),
        ("POST", "/resume", None),
        ("POST", "/cancel", None),
        ("GET", "/figures", None),
        ("GET", "/customers", None),
    ):
        reply = await theirs.http.request(method, path + end, json=body)
        assert reply.status_code == 404, (method, end, reply.text)
    assert (await theirs.http.get("/v1/campaigns")).json()["items"] == []
    reader = await ours.limited("conversations:read")
    assert (await ours.http.get("/v1/campaigns", headers=reader)).status_code == 403
    assert (await ours.http.post(f"{path}/pause")).status_code == 422
    changed = await ours.http.put(path, json=PLAN, headers={"If-Match": '"9"'})
    assert changed.status_code == 409
