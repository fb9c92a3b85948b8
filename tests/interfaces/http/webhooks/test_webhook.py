"""Webhooks over HTTP, with a worker beside and an endpoint that misbehaves as it is told."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from standardwebhooks import Webhook

from application.webhooks import deliver
from domain.webhooks import retries
from infra.outgoing import webhooks as sending
from infra.outgoing.client import Outgoing
from interfaces.bootstrap import Services
from tests.doubles.wire import Call, Reply, Wire, serving
from tests.interfaces.http.conftest import Customer
from tests.until import PATIENCE, until

ANSWERED = "conversation.answered"


@pytest_asyncio.fixture(name="wire")
async def _wire(parts: Services, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Wire]:
    """An endpoint on loopback, to which this deployment may send; tries follow each other at once."""
    http = Outgoing(guarded=False)
    monkeypatch.setattr(parts.webhook_sender, "_private", True)
    monkeypatch.setattr(parts.webhook_sender, "_http", http)
    monkeypatch.setattr(retries, "WAITS", (0.05,) * 9)
    wire = Wire(lambda call: Reply(status=204, body=b""))
    async with serving(wire):
        yield wire
    await http.aclose()


async def added(customer: Customer, wire: Wire, *events: str, **more: Any) -> dict[str, Any]:
    body = {"url": f"http://127.0.0.1:{wire.port}/hook", "events": events or (ANSWERED,), **more}
    made = await customer.http.post("/v1/webhooks", json=body)
    assert made.status_code == 201, made.text
    found: dict[str, Any] = made.json()
    return found


async def shown(customer: Customer, id: str) -> dict[str, Any]:
    found: dict[str, Any] = (await customer.http.get(f"/v1/webhooks/{id}")).json()
    return found


def told(wire: Wire) -> list[str]:
    return [call.body["data"]["data"]["text"] for call in wire.calls]


async def test_an_app_is_told_in_order_signed_and_once(ours: Customer, wire: Wire) -> None:
    await ours.ask("Before it was added?", address="earlier")
    made = await added(ours, wire)
    answers = [(await ours.ask(f"Question {number}?", address=f"w{number}")).json() for number in range(4)]
    await until(lambda: len(wire.calls) >= 4)
    for call, answer in zip(wire.calls, answers, strict=True):
        raw = json.dumps(call.body, separators=(",", ":"), ensure_ascii=False).encode()
        assert Webhook(made["secret"]).verify(raw, call.fields)["type"] == ANSWERED
        assert call.body["data"]["data"]["interaction"] == answer["id"]
        assert call.fields["webhook-id"] == call.body["data"]["id"]
    positions = [call.body["data"]["position"] for call in wire.calls]
    assert positions == sorted(set(positions))
    found = await shown(ours, made["id"])
    assert (found["progress"]["delivered"], found["disabled"], found["dead_letters"]) == (4, None, [])
    assert made["secret"].removeprefix("whsec_") not in json.dumps(found)
    log = (await ours.http.get("/v1/audit/events", params={"kind": "webhooks.endpoint_added"})).text
    assert made["secret"] not in log


async def test_no_webhook_tells_a_token_of_a_channel(ours: Customer, wire: Wire) -> None:
    await added(ours, wire, "channels.*")
    account = f"/v1/channels/twilio/AC{'1' * 32}"
    body = {"auth_token": "token-0123456789", "next_auth_token": "next-9876543210"}
    assert (await ours.http.put(account, json=body)).status_code == 200
    await until(lambda: len(wire.calls) >= 2)
    (told,) = [call.body["data"]["data"] for call in wire.calls if call.body["type"] == "channels.twilio_set"]
    shown = told["account"]["token"], told["account"]["next_token"]
    assert shown == ("(not shown)", "(not shown)")


async def test_what_is_not_taken_is_tried_again_and_the_order_kept(ours: Customer, wire: Wire) -> None:
    failing = iter([500, 429, 302])

    def answer(call: Call) -> Reply:
        return Reply(status=next(failing, 200), fields={"Location": "http://127.0.0.1:1/"}, body=b"")

    wire.answer = answer
    made = await added(ours, wire)
    for number in range(3):
        await ours.ask(f"Again {number}?", address=f"again{number}")
    await until(lambda: len(wire.calls) >= 6)
    ids = [call.fields["webhook-id"] for call in wire.calls]
    assert ids[:4] == [ids[0]] * 4
    assert len(set(ids[3:6])) == 3
    assert (await shown(ours, made["id"]))["progress"]["tries"] == 0


async def test_what_is_never_taken_is_a_dead_letter_then_it_is_disabled_and_told_when_enabled(
    ours: Customer, wire: Wire
) -> None:
    wire.answer = lambda call: Reply(status=503, body=b"")
    made = await added(ours, wire)
    for number in range(4):
        await ours.ask(f"Never {number}?", address=f"never{number}")

    async def disabled() -> bool:
        return (await shown(ours, made["id"]))["disabled"] is not None

    async with asyncio.timeout(60):
        while not await disabled():
            await asyncio.sleep(0.1)
    found = await shown(ours, made["id"])
    assert [letter["tries"] for letter in found["dead_letters"]] == [retries.TRIES] * 3
    assert "503" in found["dead_letters"][0]["reason"]
    wire.answer = lambda call: Reply(status=200, body=b"")
    before = len(wire.calls)
    body = {"url": found["url"], "events": found["events"], "enabled": True}
    assert (await ours.http.put(f"/v1/webhooks/{made['id']}", json=body)).json()["disabled"] is None
    await until(lambda: len(wire.calls) == before + 1)  # the fourth answer
    letters = found["dead_letters"]
    span = {"first": letters[0]["position"], "last": letters[2]["position"]}
    assert (await ours.http.post(f"/v1/webhooks/{made['id']}/replay", json=span)).status_code == 202
    await until(lambda: len(wire.calls) == before + 4)
    assert sorted(call.body["data"]["position"] for call in wire.calls[before + 1 :]) == [
        letter["position"] for letter in letters
    ]


async def test_an_endpoint_that_is_gone_is_left_alone(ours: Customer, wire: Wire) -> None:
    wire.answer = lambda call: Reply(status=410, body=b"")
    made = await added(ours, wire)
    await ours.ask("Are you still there?", address="gone")
    await until(lambda: len(wire.calls) == 1)

    async with asyncio.timeout(PATIENCE):
        while (found := await shown(ours, made["id"]))["disabled"] is None:
            await asyncio.sleep(0.05)
    assert "410" in found["disabled"]


async def test_a_removed_one_hears_nothing_and_another_tenant_sees_none(
    ours: Customer, theirs: Customer, wire: Wire
) -> None:
    made = await added(ours, wire)
    address = f"/v1/webhooks/{made['id']}"
    for request in (
        theirs.http.get(address),
        theirs.http.delete(address),
        theirs.http.post(f"{address}/rotate"),
        theirs.http.post(f"{address}/replay", json={"first": 1, "last": 1}),
    ):
        assert (await request).status_code == 404
    assert (await ours.http.delete(address)).status_code == 204
    await theirs.ask("Do I hear this?", address="theirs")
    await ours.ask("Do I hear this?", address="ours")
    await asyncio.sleep(0.5)
    assert wire.calls == []
    assert made["id"] not in (await ours.http.get("/v1/webhooks")).text


async def test_addresses_of_our_own_network_are_refused(ours: Customer) -> None:
    for url, why in (
        ("https://127.0.0.1/hook", "private network; give url a"),
        ("http://shop.example.com/hook", "https"),
        ("https://[::1]:8443/hook", "private network; give url a"),
    ):
        made = await ours.http.post("/v1/webhooks", json={"url": url, "events": [ANSWERED]})
        assert (made.status_code, why in made.text) == (422, True), made.text


async def test_a_rotation_signs_with_both_and_if_match_is_heard(ours: Customer, wire: Wire) -> None:
    made = await added(ours, wire)
    address = f"/v1/webhooks/{made['id']}"
    stale = await ours.http.post(f"{address}/rotate", headers={"If-Match": '"1"'})
    assert stale.status_code == 409
    rotated = (await ours.http.post(f"{address}/rotate")).json()
    assert rotated["secret"] != made["secret"]
    await ours.ask("Which secret?", address="rotation")
    await until(lambda: wire.calls)
    (call,) = wire.calls
    raw = json.dumps(call.body, separators=(",", ":"), ensure_ascii=False).encode()
    for secret in (made["secret"], rotated["secret"]):
        Webhook(secret).verify(raw, call.fields)


async def test_an_event_that_is_saved_before_anybody_has_heard_of_the_webhook_is_told(
    ours: Customer, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Processes hear of an endpoint some time after it was added; its line is looked at once more then."""
    monkeypatch.setattr(deliver, "SETTLING", deliver.timedelta(seconds=1))
    await added(ours, wire)
    await ours.ask("Already?", address="already")
    await until(lambda: len(wire.calls) == 1)
    assert told(wire) != []


async def test_an_endpoint_that_drips_has_not_taken_it_and_a_long_body_is_not_read(
    ours: Customer, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sending, "LONGEST", 1.0)
    drips = Reply(status=200, body=b"", delay=30.0)
    replies = iter([drips, Reply(status=200, body=b"x" * 2**20)])
    wire.answer = lambda call: next(replies, Reply(status=200, body=b""))
    made = await added(ours, wire)
    await ours.ask("Slowly?", address="slowly")
    await until(lambda: len(wire.calls) >= 2)
    assert wire.calls[0].fields["webhook-id"] == wire.calls[1].fields["webhook-id"]

    async with asyncio.timeout(PATIENCE):
        while (await shown(ours, made["id"]))["progress"]["delivered"] != 1:
            await asyncio.sleep(0.05)


async def test_one_that_was_mended_is_tried_at_once_and_one_that_was_taken_away_hears_no_more(
    ours: Customer, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retries, "WAITS", (3600.0,) * 9)
    wire.answer = lambda call: Reply(status=500 if call.path == "/hook" else 200, body=b"")
    made = await added(ours, wire)
    await ours.ask("Mended?", address="mended")
    await until(lambda: len(wire.calls) == 1)
    change = {"url": f"http://127.0.0.1:{wire.port}/mended", "events": [ANSWERED]}
    assert (await ours.http.put(f"/v1/webhooks/{made['id']}", json=change)).status_code == 200
    await until(lambda: len(wire.calls) == 2)
    assert wire.calls[1].path == "/mended"


async def test_no_more_than_some_replays_are_under_way(ours: Customer, wire: Wire) -> None:
    wire.answer = lambda call: Reply(status=200, body=b"", delay=30.0)
    made = await added(ours, wire)
    head = int((await ours.ask("Once?", address="once")).headers["Retrace-Position"])
    address = f"/v1/webhooks/{made['id']}/replay"
    for first in range(1, head):  # the answer is in each of them; the worker begins them one after another
        reply = await ours.http.post(address, json={"first": first, "last": head})
        if reply.status_code == 422:
            break
        await asyncio.sleep(0.3)
    assert "replays of this webhook are under way" in reply.text
    wire.answer = lambda call: Reply(status=200, body=b"")
    assert (await ours.http.delete(f"/v1/webhooks/{made['id']}")).status_code == 204
