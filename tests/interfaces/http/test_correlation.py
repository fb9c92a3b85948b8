"""One request, one correlation to the end; every event names what led to it."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import psycopg

from application.budgets.reserve import reserve
from domain.base.context import Context
from interfaces.bootstrap import Services
from tests.interfaces.http.conftest import Customer, settled
from tests.until import PATIENCE

Event = dict[str, Any]
TEXT = b"Opening hours: we are open from nine to five on weekdays, and on Saturdays until noon."


async def of_request(customer: Customer, request: str) -> list[Event]:
    reply = await customer.http.get("/v1/audit/events", params={"correlation": request})
    assert reply.status_code == 200, reply.text
    items: list[Event] = reply.json()["items"]
    return items


def kinds(events: list[Event]) -> list[str]:
    return [event["kind"] for event in events]


def lead_back(events: list[Event], request: str) -> None:
    """Every event comes of the request, or of an event before it that does."""
    known = {request}
    for event in events:
        assert event["causation"] in known, event
        known.add(event["id"])


async def test_the_answer_that_a_caller_waits_for_comes_of_its_message(ours: Customer) -> None:
    request = str(uuid4())
    body = {"customer": {"channel": "http", "address": "waits"}, "text": "When are you open?"}
    reply = await ours.http.post("/v1/messages", json=body, headers={"X-Request-ID": request})
    assert reply.status_code == 200, reply.text
    events = await of_request(ours, request)
    assert kinds(events)[:2] == ["conversation.started", "conversation.message_received"]
    assert kinds(events)[-1] == "conversation.answered"
    assert [event["causation"] for event in events[:2]] == [request] * 2
    assert {event["causation"] for event in events[2:]} == {events[1]["id"]}
    why = (await ours.http.get(f"/v1/interactions/{reply.json()['id']}/why")).json()
    assert [(e["id"], e["causation"]) for e in why["evidence"]] == [
        (event["id"], event["causation"]) for event in events[1:]
    ]


async def test_the_answer_that_a_worker_gives_does_so_too(ours: Customer) -> None:
    request = str(uuid4())
    body = {"customer": {"channel": "http", "address": "leaves"}, "text": "When are you open?", "wait": 0}
    reply = await ours.http.post("/v1/messages", json=body, headers={"X-Request-ID": request})
    await settled(ours, reply.headers["Location"])
    events = await of_request(ours, request)
    assert kinds(events)[-1] == "conversation.answered"
    assert (events[-1]["actor"], events[-1]["causation"]) == ("system:worker", events[1]["id"])
    lead_back(events, request)


async def test_an_answer_to_several_messages_belongs_to_the_request_that_began_it(ours: Customer) -> None:
    requests = [str(uuid4()) for _ in range(3)]
    replies = []
    for n, request in enumerate(requests):
        body = {"customer": {"channel": "http", "address": "burst"}, "text": f"Question {n}?", "wait": 0}
        replies.append(await ours.http.post("/v1/messages", json=body, headers={"X-Request-ID": request}))
    for reply in replies:
        await settled(ours, reply.headers["Location"])
    messages = {}
    for request in requests:
        for event in await of_request(ours, request):
            if event["kind"] == "conversation.message_received":
                messages[event["id"]] = (request, event["data"]["interaction"])
    assert len(messages) == 3
    answered = [
        event
        for request in requests
        for event in await of_request(ours, request)
        if event["kind"] == "conversation.answered"
    ]
    assert answered
    for event in answered:
        _, interaction = messages[event["causation"]]
        assert interaction == event["data"]["interaction"]
        first = next(request for request, of in messages.values() if of == interaction)
        assert event["correlation"] == first


async def test_what_is_made_of_an_upload_comes_of_it(ours: Customer) -> None:
    request = str(uuid4())
    reply = await ours.http.post(
        "/v1/documents",
        files={"file": ("hours.txt", TEXT, "text/plain")},
        headers={"X-Request-ID": request},
    )
    assert reply.status_code == 201, reply.text
    await settled(ours, f"/v1/documents/{reply.json()['id']}")
    events = await of_request(ours, request)
    assert kinds(events) == ["document.uploaded", "document.processing_started", "document.processed"]
    lead_back(events, request)


async def test_what_a_worker_gives_back_comes_of_the_request_that_held_it(
    ours: Customer, parts: Services
) -> None:
    """Its caller is dead."""
    await ours.http.put("/v1/budgets", json={"day": "5"})
    request = uuid4()
    context = Context(tenant=ours.tenant, actor="key:test", correlation=request)
    made = await reserve(
        Decimal(1),
        uuid4(),
        "openai/gpt-4o",
        context,
        parts,
        lifetime=timedelta(0),
    )
    assert made is not None
    async with asyncio.timeout(PATIENCE):
        while len(events := await of_request(ours, str(request))) < 2:
            await asyncio.sleep(0.1)
    assert events[-1]["actor"] == "system:worker"
    assert events[-1]["stream"] == events[0]["stream"]
    lead_back(events, str(request))


async def test_a_reservation_that_expires_comes_of_the_request_that_made_it(
    ours: Customer, parts: Services, database_url: str
) -> None:
    """Its caller is dead; a worker gives the money back."""
    await ours.http.put("/v1/budgets", json={"day": "5"})
    request, tenant = uuid4(), ours.tenant
    context = Context(tenant=tenant, actor="key:test", correlation=request)
    made = await reserve(Decimal(1), uuid4(), "openai/gpt-4o", context, parts)
    assert made is not None
    with psycopg.connect(database_url, autocommit=True) as superuser:
        query = "SELECT correlation, causation FROM retrace.work WHERE tenant = %s AND key = %s"
        found = superuser.execute(query, [tenant, made.id.hex]).fetchone()
    *_, event = await of_request(ours, str(request))
    assert found is not None
    assert [str(id) for id in found] == [str(request), event["id"]]


async def test_settings_and_exports_name_the_request(ours: Customer) -> None:
    request = str(uuid4())
    reply = await ours.http.put("/v1/retention", json={"days": 400}, headers={"X-Request-ID": request})
    assert reply.status_code == 200, reply.text
    *_, event = events = await of_request(ours, request)
    assert {(event["correlation"], event["causation"]) for event in events} == {(request, request)}
    export = await ours.http.get("/v1/audit/export", params={"format": "cloudevents", "correlation": request})
    *_, line = [json.loads(line) for line in export.text.splitlines()]
    assert (line["event"], line["correlation"], line["causation"]) == (event["id"], request, request)


async def test_an_id_of_zeros_is_not_taken_for_a_request(ours: Customer) -> None:
    reply = await ours.ask("Hello?", address="zeros")
    none = {"X-Request-ID": "00000000-0000-0000-0000-000000000000"}
    reply = await ours.http.put("/v1/retention", json={"days": 401}, headers=none)
    assert reply.status_code == 200
    assert reply.headers["X-Request-ID"] != none["X-Request-ID"]
    assert (await ours.http.post("/v1/audit/verify")).json()["findings"] == []
