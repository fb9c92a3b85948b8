from __future__ import annotations

import asyncio
import json
from typing import Any
from uuid import uuid4

import httpx
import pytest

from interfaces.bootstrap import Services
from interfaces.http.base import following as live
from tests.interfaces.http.conftest import Customer, customer_of
from tests.interfaces.http.following import following
from tests.until import PATIENCE

EVENTS, EXPORT, STREAM = "/v1/audit/events", "/v1/audit/export", "/v1/audit/events/stream"


async def listed(customer: Customer, **filters: Any) -> list[dict[str, Any]]:
    reply = await customer.http.get(EVENTS, params={"limit": "200", **filters})
    assert reply.status_code == 200, reply.text
    items: list[dict[str, Any]] = reply.json()["items"]
    return items


async def reads(customer: Customer) -> list[dict[str, Any]]:
    """What the log says of its reading, this one left out."""
    return await listed(customer, kind="audit.read")


async def test_each_filter_keeps_what_fits_and_they_combine(ours: Customer) -> None:
    request = str(uuid4())
    reply = await ours.ask("Filter me", address="filters")
    conversation = f"conversation/{reply.json()['conversation']}"
    await ours.http.put("/v1/agent/configuration", json={"name": "F"}, headers={"X-Request-ID": request})
    everything = await listed(ours)
    middle = everything[len(everything) // 2]["recorded_at"]
    key = f"key:{everything[-1]['actor'].partition(':')[2]}"
    for filters, fits in (
        ({"stream": conversation}, lambda e: e["stream"] == conversation),
        ({"kind": "conversation.answered"}, lambda e: e["kind"] == "conversation.answered"),
        ({"actor": key}, lambda e: e["actor"] == key),
        ({"correlation": request}, lambda e: e["correlation"] == request),
        ({"since": middle}, lambda e: e["recorded_at"] >= middle),
        ({"until": middle}, lambda e: e["recorded_at"] <= middle),
        ({"stream": conversation, "kind": "conversation.answered", "actor": key}, None),
        ({"stream": conversation, "until": "2020-01-01T00:00:00Z"}, lambda e: False),
        ({"since": "2090-01-01T00:00:00Z"}, lambda e: False),
        ({"stream": conversation.replace("conversation", "document")}, lambda e: False),
        ({"stream": conversation, "kind": "agent.configured"}, lambda e: False),
    ):
        found = await listed(ours, **filters)
        before = [event for event in found if event["position"] <= everything[-1]["position"]]
        if fits is None:
            assert [event["kind"] for event in before] == ["conversation.answered"]
        else:
            assert before == [event for event in everything if fits(event)], filters
    assert [e["kind"] for e in await listed(ours, correlation=request)][-1] == "agent.configured"


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "os:path"},
        {"stream": "conversation"},
        {"stream": "os/0190f9c4-0000-7000-8000-000000000000"},
        {"since": "2026-01-01T00:00:00"},
        {"since": "20261128"},
        {"until": "2026"},
        {"until": "1e9"},
        {"until": "yesterday"},
        {"since": "0001-01-01T00:00:00+23:59"},
        {"correlation": "1"},
        {"actor": "a\x00b"},
        {"actor": ""},
    ],
)
async def test_filters_that_can_not_be_are_refused_everywhere(ours: Customer, wrong: dict[str, str]) -> None:
    for path in (EVENTS, EXPORT, STREAM):
        reply = await ours.http.get(path, params=wrong)
        assert reply.status_code == 400, (path, reply.text)
        assert reply.json()["detail"]


async def test_every_read_is_recorded_with_who_read_what(ours: Customer) -> None:
    request = str(uuid4())
    found = (
        await ours.http.get(EVENTS, params={"kind": "tenant.created"}, headers={"X-Request-ID": request})
    ).json()["items"]
    (record,) = await listed(ours, correlation=request, kind="audit.read")
    assert record["actor"].startswith("key:")
    assert record["data"] == {
        "route": "GET /v1/audit/events",
        "filters": {"kind": "tenant.created"},
        "stage": "whole",
        "events": 1,
        "first": found[0]["position"],
        "last": found[0]["position"],
    }


async def test_a_log_that_is_read_event_by_event_comes_to_an_end(app: Any, parts: Services) -> None:
    reader = await customer_of(app, parts, "Reader")
    async with reader.http:
        everything = await listed(reader)
        cursor, seen = None, []
        for _ in range(len(everything) + 3):
            more = {"cursor": cursor} if cursor else {}
            page = (await reader.http.get(EVENTS, params={"limit": "1", **more})).json()
            seen += page["items"]
            cursor = page["next_cursor"]
            if cursor is None:
                break
        assert cursor is None
        assert seen[: len(everything)] == everything
        assert [event["kind"] for event in seen[len(everything) :]] == ["audit.begun", "audit.read"]


async def test_a_cursor_belongs_to_its_filters(ours: Customer) -> None:
    page = (await ours.http.get(EVENTS, params={"limit": "1"})).json()
    reply = await ours.http.get(EVENTS, params={"cursor": page["next_cursor"], "kind": "tenant.created"})
    assert reply.status_code == 400


async def test_the_export_gives_the_same_events_line_by_line(ours: Customer) -> None:
    everything = await listed(ours)
    reply = await ours.http.get(EXPORT)
    assert reply.headers["Content-Type"].startswith("application/x-ndjson")
    lines = [json.loads(line) for line in reply.text.splitlines()]
    assert lines[: len(everything)] == everything
    some = await ours.http.get(EXPORT, params={"kind": "tenant.created", "after": "0"})
    assert [json.loads(line)["kind"] for line in some.text.splitlines()] == ["tenant.created"]
    async with asyncio.timeout(PATIENCE):
        while not (ended := [r for r in await reads(ours) if r["data"]["stage"] == "ended"]):
            await asyncio.sleep(0.02)
    assert ended[0]["data"]["events"] == len(lines)
    begun = [r for r in await reads(ours) if r["data"]["stage"] == "begun"]
    assert begun[0]["data"]["filters"] == {"format": "jsonl"}
    assert begun[0]["correlation"] == ended[0]["correlation"]


async def test_an_export_as_cloudevents_has_what_the_standard_asks_for(ours: Customer) -> None:
    await ours.ask("A cloud?", address="cloud")
    await ours.http.post("/v1/customers/forget", json={"channel": "http", "address": "cloud"})
    reply = await ours.http.get(EXPORT, params={"format": "cloudevents"})
    shown = {event["position"]: event for event in await listed(ours)}
    lines = [json.loads(line) for line in reply.text.splitlines()]
    assert len(lines) > 5
    for line in lines:
        event = shown[int(line["position"])]
        assert line["specversion"] == "1.0"
        assert line["id"] == f"{ours.tenant}/{line['position']}"
        assert (line["source"], line["subject"]) == (f"/tenants/{ours.tenant}", event["stream"])
        assert (line["type"], line["time"]) == (f"retrace.{event['kind']}", event["recorded_at"])
        assert (line["datacontenttype"], line["hash"]) == ("application/json", event["hash"])
        assert (line["actor"], line["correlation"]) == (event["actor"], event["correlation"])
        assert (
            line.get("machinemade", False)
            == event["machine_made"]
            == (event["kind"] == "conversation.answered")
        )
        assert None not in [value for name, value in line.items() if name != "data"]
        assert all(name.isalnum() and name == name.lower() for name in line)
    assert (await ours.http.get(EXPORT, params={"format": "xml"})).status_code == 400


async def test_the_log_is_followed_live(app: Any, ours: Customer) -> None:
    before = len(await reads(ours))
    async with following(app, ours, "kind=conversation.message_received") as followed:
        await followed.until("retry:")
        assert followed.status == 200
        assert followed.headers["content-type"].startswith("text/event-stream")
        await ours.ask("Do you follow me?", address="live")
        text = await followed.until("Do you follow me?")
    (begun, sent, told, *_) = text.split("\n\n")
    assert begun.startswith("retry:"), (
        "the position at which it begins stands beside the pause, not by itself"
    )
    lines = dict(line.split(": ", 1) for line in (sent + "\n" + told).splitlines())
    assert lines["event"] == "conversation.message_received"
    assert json.loads(lines["data"])["position"] == int(lines["id"])
    async with asyncio.timeout(PATIENCE):
        while len(found := (await reads(ours))[before:]) < 3:
            await asyncio.sleep(0.02)
    stages = [record["data"]["stage"] for record in found if "stream" in record["data"]["route"]]
    assert stages == ["begun", "ended"], "however long it goes on, and whatever it reads"
    (ended,) = [record["data"] for record in found if record["data"]["stage"] == "ended"]
    assert (ended["events"], ended["first"]) == (1, int(lines["id"]))


async def test_a_follower_comes_back_to_where_it_was(app: Any, ours: Customer) -> None:
    everything = await listed(ours)
    async with following(app, ours, "after=0&kind=tenant.created") as followed:
        await followed.until('"tenant.created"')
    back = {"last-event-id": str(everything[2]["position"])}
    async with following(app, ours, "after=0", **back) as followed:
        text = await followed.until(f"id: {everything[-1]['position']}\n")
    ids = [int(line[4:]) for line in text.splitlines() if line.startswith("id: ")]
    assert ids[: len(everything) - 2] == [event["position"] for event in everything[2:]]


async def test_a_follower_that_is_cut_before_its_first_event_misses_nothing(app: Any, ours: Customer) -> None:
    """As a browser does it: the last id that came, of whatever line, goes along when it comes back."""
    async with following(app, ours, "kind=conversation.message_received") as followed:
        text = await followed.until("\n\n")
    first = text.partition("\n\n")[0].splitlines()
    assert [line for line in first if line.startswith("data")] == [], "it is no event"
    (id,) = [line[4:] for line in first if line.startswith("id: ")]
    await ours.ask("Does this come in between?", address="between")
    async with following(app, ours, "kind=conversation.message_received", **{"last-event-id": id}) as again:
        await again.until("Does this come in between?")


async def test_wherever_a_follower_is_cut_no_event_is_lost(app: Any, ours: Customer) -> None:
    """Also one that takes an id for told as soon as its line is there."""
    everything = await listed(ours)
    async with following(app, ours, "after=0") as followed:
        text = await followed.until(f"id: {everything[-1]['position']}\n")
    for cut in range(len(text)):
        *whole, _ = text[:cut].split("\n\n")
        had = [json.loads(part.partition("data: ")[2])["position"] for part in whole if "data: " in part]
        ids = [int(line[4:]) for line in text[:cut].split("\n")[:-1] if line.startswith("id: ")]
        assert not ids or ids[-1] in (0, *had)


async def test_following_shows_signs_of_life_and_ends_with_its_key(
    app: Any, ours: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "HEARTBEAT", 0.2)
    monkeypatch.setattr(live, "POLL", 0.1)
    made = (await ours.http.post("/v1/keys", json={"name": "spy", "scopes": ["audit:read"]})).json()
    spy = Customer(ours.tenant, made["secret"], ours.http)
    async with following(app, spy, "kind=tenant.removed") as followed:
        await followed.until("\n\n: ")
        assert not followed.ended.is_set()
        await ours.http.delete(f"/v1/keys/{made['id']}")
        await asyncio.wait_for(followed.ended.wait(), PATIENCE)


async def test_following_ends_when_the_server_stops(app: Any, ours: Customer, parts: Services) -> None:
    async with following(app, ours) as followed:
        await followed.until("retry:")
        parts.stopping.set()
        try:
            await asyncio.wait_for(followed.ended.wait(), PATIENCE)
        finally:
            parts.stopping.clear()


async def test_reading_the_log_needs_the_auditors_scope(ours: Customer, anyone: httpx.AsyncClient) -> None:
    headers = await ours.limited("conversations:read")
    paths = (EVENTS, EXPORT, STREAM, f"/v1/audit/states/tenant/{ours.tenant}")
    assert [(await anyone.get(path, headers=headers)).status_code for path in paths] == [403] * 4
    assert (await anyone.post("/v1/audit/wrote", json={"text": "a"}, headers=headers)).status_code == 403


async def test_a_state_is_told_as_of_a_moment_and_without_secrets(ours: Customer) -> None:
    path = f"/v1/audit/states/tenant/{ours.tenant}"
    await ours.http.post("/v1/keys", json={"name": "later", "scopes": ["audit:read"]})
    now = (await ours.http.get(path)).json()
    assert "later" in [key["name"] for key in now["state"]["keys"].values()]
    assert {key["secret_hash"] for key in now["state"]["keys"].values()} == {"(not shown)"}
    first = (await listed(ours, stream=f"tenant/{ours.tenant}"))[0]
    for point in ({"version": "1"}, {"position": str(first["position"])}):
        then = (await ours.http.get(path, params=point)).json()
        assert (then["version"], then["state"]["keys"]) == (1, {}), point
    made = (await ours.http.get(path, params={"at": first["recorded_at"]})).json()
    assert made["version"] == 2, "the first key has the tenant's time"
    for point, status in (
        ({"version": "99999"}, 404),
        ({"at": "2020-01-01T00:00:00Z"}, 404),
        ({"at": "2020-01-01T00:00:00"}, 400),
        ({"at": "2020"}, 400),
        ({"version": "1", "position": "1"}, 400),
    ):
        assert (await ours.http.get(path, params=point)).status_code == status, point
    beyond = await ours.http.get(path, params={"position": "99999999"})
    assert (beyond.status_code, "log ends at position" in beyond.json()["detail"]) == (409, True)
    assert (await ours.http.get(f"/v1/audit/states/os/{uuid4()}")).status_code == 400
    assert (await ours.http.get(f"/v1/audit/states/tenant/{uuid4()}")).status_code == 404


async def test_two_states_are_compared(ours: Customer, theirs: Customer) -> None:
    path = f"/v1/audit/states/tenant/{ours.tenant}/changes"
    before = (await ours.http.get(f"/v1/audit/states/tenant/{ours.tenant}")).json()
    made = await ours.http.post("/v1/keys", json={"name": "between", "scopes": ["audit:read"]})
    position = made.headers["Retrace-Position"]
    for then in (str(before["version"]), f"@{int(position) - 1}", before["modified_at"]):
        for now in ({}, {"to": f"@{position}"}):
            found = (await ours.http.get(path, params={"from": then, **now})).json()
            assert (found["from"], found["to"]) == (before["version"], before["version"] + 1)
            (change,) = found["changes"]
            assert (change["change"], change["new"]["name"]) == ("added", "between")
            assert change["new"]["secret_hash"] == "(not shown)"
    same = (await ours.http.get(path, params={"from": "1", "to": "1"})).json()
    assert same["changes"] == []
    assert "GET /v1/audit/states/changes" in {read["data"]["route"] for read in await reads(ours)}
    for wrong, status in (
        ({}, 400),
        ({"from": "yesterday"}, 400),
        ({"from": "2026-01-31T12:00:00"}, 400),
        ({"from": "0"}, 400),
        ({"from": "99999"}, 404),
        ({"from": "1", "to": "@99999999"}, 409),
    ):
        reply = await ours.http.get(path, params=wrong)
        assert reply.status_code == status, (wrong, reply.text)
    assert (await theirs.http.get(path, params={"from": "1"})).status_code == 404


async def test_a_text_is_traced_to_the_interaction_that_wrote_it(ours: Customer, theirs: Customer) -> None:
    reply = (await ours.ask("Did you write this?", address="author")).json()
    assert reply["disclosure"]
    async with asyncio.timeout(PATIENCE):  # until the read model has it; others have this text too
        while reply["id"] not in (await ours.http.post("/v1/audit/wrote", json={"text": reply["text"]})).text:
            await asyncio.sleep(0.05)
    for text in (reply["text"], reply["answer"], f"  {reply['text'].upper()}\n [1]"):
        found = (await ours.http.post("/v1/audit/wrote", json={"text": text})).json()
        assert found["wrote"], text
        items = {item["interaction"]: item for item in found["items"]}
        item = items[reply["id"]]
        assert (item["conversation"], item["model"]) == (reply["conversation"], reply["model"])
        assert (item["provider"], item["written_at"]) == (reply["provider"], reply["answered_at"])
    no = await theirs.http.post("/v1/audit/wrote", json={"text": reply["text"]})
    assert no.json() == {"wrote": False, "items": []}
    for wrong in ({}, {"text": "a", "sha256": "0" * 64}, {"sha256": "xyz"}, {"text": " "}):
        assert (await ours.http.post("/v1/audit/wrote", json=wrong)).status_code == 400, wrong
    assert "Did you write this" not in json.dumps(await reads(ours))
