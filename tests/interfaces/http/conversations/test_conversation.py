"""Conversations: listed, read, followed event by event, closed; why an answer was given."""

from __future__ import annotations

from uuid import uuid4

import pytest

from projections import PROJECTIONS
from tests.interfaces.http.conftest import Customer, settled


async def test_a_conversation_is_read_with_its_interactions_in_order(ours: Customer) -> None:
    for text in ("One?", "Two?", "Three?"):
        body = {"customer": {"channel": "http", "address": "reader", "name": "Rea"}, "text": text}
        reply = await ours.http.post("/v1/messages", json=body)
    position = {"Retrace-Position": reply.headers["Retrace-Position"]}
    address = f"/v1/conversations/{reply.json()['conversation']}"
    shown = (await ours.http.get(address, headers=position)).json()
    assert shown["status"] == "open"
    assert shown["customer"] == {"channel": "http", "address": "reader", "name": "Rea"}
    assert [i["messages"] for i in shown["interactions"]] == [["One?"], ["Two?"], ["Three?"]]
    assert shown["interactions"][-1] == reply.json()


async def test_conversations_are_listed_newest_first_page_by_page(theirs: Customer) -> None:
    ids = []
    for number in range(5):
        reply = await theirs.ask("Hello?", address=f"customer {number}")
        ids.append(reply.json()["conversation"])
    position = {"Retrace-Position": reply.headers["Retrace-Position"]}
    found: list[str] = []
    query = {"limit": "2"}
    while True:
        page = (await theirs.http.get("/v1/conversations", params=query, headers=position)).json()
        found += [item["id"] for item in page["items"]]
        if page["next_cursor"] is None:
            break
        query["cursor"] = page["next_cursor"]
    assert found == ids[::-1]
    assert (await theirs.http.get("/v1/conversations?channel=whatsapp")).json()["items"] == []


async def test_a_closed_conversation_is_listed_as_such_and_opens_again(ours: Customer) -> None:
    reply = await ours.ask("Bye?", address="closing")
    address = f"/v1/conversations/{reply.json()['conversation']}"
    closed = await ours.http.post(f"{address}/close", json={"reason": "solved"})
    assert closed.json() == {"id": reply.json()["conversation"], "status": "closed"}
    again = await ours.http.post(f"{address}/close")
    assert again.status_code == 200
    assert again.headers["Retrace-Position"] == closed.headers["Retrace-Position"]
    position = {"Retrace-Position": closed.headers["Retrace-Position"]}
    listed = (await ours.http.get("/v1/conversations?status=closed", headers=position)).json()["items"]
    assert [item["id"] for item in listed] == [reply.json()["conversation"]]
    again = await ours.ask("Still there?", address="closing")
    position = {"Retrace-Position": again.headers["Retrace-Position"]}
    assert (await ours.http.get(address, headers=position)).json()["status"] == "open"


async def test_the_events_of_a_conversation_are_followed(ours: Customer) -> None:
    reply = await ours.ask("What happened?", address="events")
    address = f"/v1/conversations/{reply.json()['conversation']}/events"
    events = (await ours.http.get(address)).json()["items"]
    assert [event["kind"] for event in events] == [
        "conversation.started",
        "conversation.message_received",
        "conversation.prompted",
        "conversation.metered",
        "conversation.disclosed",
        "conversation.answered",
    ]
    assert [event["version"] for event in events] == [1, 2, 3, 4, 5, 6]
    assert events[1]["data"]["text"] == "What happened?"
    assert all(len(event["hash"]) == 64 for event in events)
    query = {"limit": "3"}
    first = (await ours.http.get(address, params=query)).json()
    rest = (await ours.http.get(address, params={"cursor": first["next_cursor"]})).json()
    assert first["items"] + rest["items"] == events
    assert (await ours.http.get(address, params={"after": "3"})).json()["items"] == events[3:]


async def test_an_answer_is_explained_from_its_events(ours: Customer) -> None:
    content = b"Opening hours\n\nWe are open from nine to five, Monday to Friday.\n"
    made = await ours.http.post("/v1/documents", files={"file": ("hours.txt", content)})
    assert made.status_code == 201
    await settled(ours, made.headers["Location"])
    reply = await ours.ask("When are you open?", address="why")
    headers = {"Retrace-Position": reply.headers["Retrace-Position"]}
    why = (await ours.http.get(f"/v1/interactions/{reply.json()['id']}/why", headers=headers)).json()
    assert why["status"] == "answered"
    assert why["answer"] == reply.json()["text"]
    assert why["attempts"][0]["outcome"] == "ok"
    assert why["prompt"][0]["role"] == "system"
    assert any(item["cited"] and "nine to five" in item["text"] for item in why["passages"])
    assert [event["kind"] for event in why["evidence"]][-1] == "conversation.answered"


@pytest.mark.parametrize(
    "path",
    [
        "/v1/interactions/{id}",
        "/v1/interactions/{id}/why",
        "/v1/conversations/{id}",
        "/v1/conversations/{id}/events",
    ],
)
async def test_what_is_not_there_is_404(ours: Customer, path: str) -> None:
    reply = await ours.http.get(path.replace("{id}", str(uuid4())))
    assert reply.status_code == 404
    assert reply.json()["type"] == "/problems/not-found"


async def test_an_id_of_another_kind_is_404(ours: Customer) -> None:
    assert (await ours.http.get(f"/v1/conversations/{ours.tenant}")).status_code == 404
    assert (await ours.http.get(f"/v1/conversations/{ours.tenant}/events")).status_code == 404
    assert (await ours.http.get(f"/v1/documents/{ours.tenant}")).status_code == 404
    assert (await ours.http.delete(f"/v1/documents/{ours.tenant}")).status_code == 404


async def test_the_agent_is_configured_and_each_change_is_a_version(theirs: Customer) -> None:
    path = "/v1/agent/configuration"
    before = (await theirs.http.get(path)).json()
    reply = await theirs.http.put(path, json={"name": "Nora", "attribution": False})
    assert reply.status_code == 200, reply.text
    assert reply.json()["configuration"]["name"] == "Nora"
    assert reply.json()["version"] == before["version"] + 1
    again = await theirs.http.put(path, json={"name": "Nora", "attribution": False})
    assert again.json() == reply.json()
    assert "Retrace-Position" in again.headers
    for wrong in (
        {"default_model": "extractive"},
        {"temperature": 3},
        {"nam": "Nora"},
        {"name": ""},
        {"attribution": "yes"},
        [],
    ):
        reply = await theirs.http.put(path, json=wrong)
        assert reply.status_code == 400, (wrong, reply.text)


async def test_usage_sums_what_the_answers_cost(theirs: Customer) -> None:
    reply = await theirs.ask("How much?", address="usage")
    headers = {"Retrace-Position": reply.headers["Retrace-Position"]}
    items = (await theirs.http.get("/v1/providers/usage?by=all", headers=headers)).json()["items"]
    local = next(item for item in items if item["model"] == "extractive")
    assert local["calls"] >= 1
    assert isinstance(local["cost"], str)
    for wrong in (
        "since=2026-02-01&until=2026-01-01",
        "until=0001-01-01",
        "since=0001-01-01",
        "until=9999-12-31&since=0001-01-01",
    ):
        assert (await theirs.http.get(f"/v1/providers/usage?{wrong}")).status_code == 400, wrong
    assert (await theirs.http.get("/v1/providers/usage?until=9999-12-31")).status_code == 200


async def test_the_lag_of_each_projection_is_told(ours: Customer) -> None:
    items = (await ours.http.get("/v1/projections")).json()["items"]
    assert {item["name"] for item in items} == {projection.name for projection in PROJECTIONS}
    assert all(item["stopped"] is None and item["parked"] == 0 for item in items)


async def test_the_log_is_read_by_kind_and_page(ours: Customer) -> None:
    path = "/v1/audit/events"
    everything = (await ours.http.get(path, params={"limit": "200"})).json()["items"]
    assert [event["position"] for event in everything] == list(range(1, len(everything) + 1))
    assert everything[0]["kind"] == "tenant.created"
    assert everything[0]["stream"] == f"tenant/{ours.tenant}"
    keys = (await ours.http.get(path, params={"kind": "tenant.key_issued"})).json()["items"]
    assert keys[0]["data"]["secret_hash"] == "(not shown)"
    page = (await ours.http.get(path, params={"limit": "2"})).json()
    rest = (await ours.http.get(path, params={"limit": "200", "cursor": page["next_cursor"]})).json()
    both = page["items"] + rest["items"]
    assert both[: len(everything)] == everything
    assert {event["kind"] for event in both[len(everything) :]} == {"audit.begun", "audit.read"}
    for kind in ("os:path", "conversation", "os", "", "conversation.nothing"):
        assert (await ours.http.get(path, params={"kind": kind})).status_code == 400
