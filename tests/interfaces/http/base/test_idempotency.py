"""`Idempotency-Key`: the first result again."""

from __future__ import annotations

import asyncio
import base64
import io
from datetime import timedelta
from uuid import uuid4

import httpx
import psycopg
import pytest

from application.ports import IdempotencyKey, Kept, Unavailable
from domain.base.errors import Conflict
from infra.idempotency import StoredIdempotency
from interfaces.bootstrap import Services
from interfaces.http.base import idempotency
from tests.interfaces.http.conftest import OPERATOR, Customer

REPLAYED = "Idempotency-Replayed"


def message(text: str = "Hello?", **more: object) -> dict[str, object]:
    return {"customer": {"channel": "http", "address": f"a-{uuid4()}"}, "text": text, **more}


def own(customer: Customer, text: str) -> IdempotencyKey:
    """As the customer's first key sends it."""
    raw = base64.urlsafe_b64decode(customer.key.removeprefix("rt_") + "==")
    return IdempotencyKey(customer.tenant, f"key:{raw[16:22].hex()}", text)


async def named(parts: Services, customer: Customer, text: str) -> str:
    """What it is stored under."""
    key = own(customer, text)
    return (await parts.keyring.identify(key.tenant, "idempotency", key.caller, key.text)).hex


async def test_the_same_key_and_body_give_the_first_result(ours: Customer) -> None:
    key, body = {"Idempotency-Key": str(uuid4())}, message()
    first = await ours.http.post("/v1/messages", json=body, headers=key)
    again = await ours.http.post("/v1/messages/", json=body, headers=key)
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert again.headers["Retrace-Position"] == first.headers["Retrace-Position"]
    assert again.headers[REPLAYED] == "true"
    assert REPLAYED not in first.headers
    assert again.headers["X-Request-ID"] != first.headers["X-Request-ID"]


async def test_the_first_status_is_kept_too(ours: Customer) -> None:
    key, body = {"Idempotency-Key": str(uuid4())}, message(wait=0)
    statuses = [(await ours.http.post("/v1/messages", json=body, headers=key)).status_code for _ in range(3)]
    assert statuses == [202, 202, 202]


async def test_a_refusal_is_a_result(ours: Customer) -> None:
    key = {"Idempotency-Key": str(uuid4())}
    first = await ours.http.post("/v1/messages", json=message(text=""), headers=key)
    body = message(text="")
    first = await ours.http.post("/v1/messages", json=body, headers={"Idempotency-Key": "refused"})
    again = await ours.http.post("/v1/messages", json=body, headers={"Idempotency-Key": "refused"})
    assert (first.status_code, again.status_code) == (400, 400)
    assert again.headers["Content-Type"] == "application/problem+json"
    assert again.headers[REPLAYED] == "true"


async def test_the_same_key_with_another_body_is_refused(ours: Customer) -> None:
    key = {"Idempotency-Key": str(uuid4())}
    await ours.http.post("/v1/messages", json=message(), headers=key)
    other = await ours.http.post("/v1/messages", json=message(), headers=key)
    assert other.status_code == 422
    assert other.json()["type"] == "/problems/refused"


async def test_the_same_key_with_another_form_of_the_answer_is_refused(ours: Customer) -> None:
    body = message("In pieces?")
    for first, other in (("application/json", "text/event-stream"), ("text/event-stream", "*/*")):
        key = {"Idempotency-Key": str(uuid4())}
        made = await ours.http.post("/v1/messages", json=body, headers={**key, "Accept": first})
        refused = await ours.http.post("/v1/messages", json=body, headers={**key, "Accept": other})
        again = await ours.http.post("/v1/messages", json=body, headers={**key, "Accept": f"{first};q=0.9"})
        assert (made.status_code, refused.status_code) == (200, 422)
        assert (again.content, again.headers[REPLAYED]) == (made.content, "true")


async def test_a_twin_that_runs_is_a_conflict_and_has_one_effect(ours: Customer) -> None:
    key, body = {"Idempotency-Key": str(uuid4())}, message("Twins?")
    replies = await asyncio.gather(
        *(ours.http.post("/v1/messages", json=body, headers=key) for _ in range(4))
    )
    statuses = sorted(reply.status_code for reply in replies)
    assert statuses[0] == 200
    assert set(statuses) <= {200, 409}
    conversation = next(reply for reply in replies if reply.status_code == 200).json()["conversation"]
    events = (await ours.http.get(f"/v1/conversations/{conversation}/events")).json()["items"]
    assert [event["kind"] for event in events].count("conversation.message_received") == 1


async def test_another_tenant_may_use_the_same_key(ours: Customer, theirs: Customer) -> None:
    key = {"Idempotency-Key": "shared"}
    a = await ours.http.post("/v1/messages", json=message("A?"), headers=key)
    b = await theirs.http.post("/v1/messages", json=message("B?"), headers=key)
    assert (a.status_code, b.status_code) == (200, 200)
    assert b.json()["messages"] == ["B?"]


async def test_a_twin_that_lives_is_waited_for_beyond_its_first_lease(
    parts: Services, ours: Customer
) -> None:
    brief = StoredIdempotency(parts.database, parts.keyring, lease=timedelta(seconds=0.05))
    assert await brief.begin(own(ours, "slow"), b"body") is None
    await parts.idempotency.extend(own(ours, "slow"))
    await asyncio.sleep(0.1)
    with pytest.raises(Conflict):
        await brief.begin(own(ours, "slow"), b"body")


async def test_a_running_request_extends_its_lease(
    parts: Services, ours: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []

    async def extend(key: IdempotencyKey) -> None:
        told.append(key.text)

    monkeypatch.setattr(idempotency, "EXTENDED", 0.001)
    monkeypatch.setattr(parts.idempotency, "extend", extend)
    await ours.http.post("/v1/messages", json=message("Are you open?"), headers={"Idempotency-Key": "long"})
    assert set(told) == {"long"}


async def test_what_was_done_is_told_also_where_it_can_not_be_kept(
    parts: Services, ours: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It came out as a plain 500, though the answer was made."""

    async def away(*_: object) -> None:
        raise Unavailable("the database does not answer; try again")

    monkeypatch.setattr(parts.idempotency, "finish", away)
    monkeypatch.setattr(parts.idempotency, "abandon", away)
    reply = await ours.http.post("/v1/messages", json=message(), headers={"Idempotency-Key": "unkept"})
    assert (reply.status_code, reply.json()["status"]) == (200, "answered")
    refused = await ours.http.post(
        "/v1/messages", json=message(), headers={"Idempotency-Key": "x", "If-Match": '"1"'}
    )
    assert refused.headers["content-type"] == "application/problem+json"


async def test_a_crashed_twin_is_taken_over_after_its_lease(parts: Services, ours: Customer) -> None:
    store = parts.idempotency
    assert await store.begin(own(ours, "crashed"), b"body") is None
    with pytest.raises(Conflict):
        await store.begin(own(ours, "crashed"), b"body")
    async with parts.database.tenant(ours.tenant) as connection:
        over = "UPDATE idempotency SET lease_until = now() WHERE lease_until > now() AND response IS NULL"
        assert (await connection.execute(over)).rowcount
    assert await store.begin(own(ours, "crashed"), b"body") is None
    late = Kept(200, [(b"a", b"b")], b"first")
    await store.finish(own(ours, "crashed"), late)
    await store.finish(own(ours, "crashed"), Kept(201, [], b"second"))  # it had not crashed after all
    assert await store.begin(own(ours, "crashed"), b"body") == late


async def test_results_go_after_a_day_and_their_keys_are_free(
    parts: Services, ours: Customer, theirs: Customer, database_url: str
) -> None:
    store = parts.idempotency
    for key in (own(ours, "old"), own(ours, "older"), own(theirs, "of one that comes no more")):
        await store.begin(key, b"body")
        await store.finish(key, Kept(200, [], b""))
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("UPDATE retrace.idempotency SET created_at = now() - interval '26 hours'")
        assert await store.begin(own(ours, "old"), b"another body") is None
        left = connection.execute("SELECT key FROM retrace.idempotency").fetchall()
    assert left == [(await named(parts, ours, "old"),)]


async def test_what_is_kept_is_sealed(parts: Services, ours: Customer, database_url: str) -> None:
    body = message("Where is the canary?")
    await ours.http.post("/v1/messages", json=body, headers={"Idempotency-Key": "sealed"})
    with psycopg.connect(database_url) as connection:
        query = "SELECT response FROM retrace.idempotency WHERE tenant = %s AND key = %s"
        row = connection.execute(query, [ours.tenant, await named(parts, ours, "sealed")]).fetchone()
    assert row is not None
    assert b"canary" not in row[0]


async def test_a_new_boundary_is_no_new_body(ours: Customer) -> None:
    key = {"Idempotency-Key": str(uuid4())}
    replies = [
        await ours.http.post(
            "/v1/documents", files={"file": ("a.txt", io.BytesIO(b"A boundary differs."))}, headers=key
        )
        for _ in range(2)
    ]
    assert [reply.status_code for reply in replies] == [201, 201]
    assert replies[1].headers[REPLAYED] == "true"
    other = await ours.http.post(
        "/v1/documents", files={"file": ("a.txt", io.BytesIO(b"Another text."))}, headers=key
    )
    assert other.status_code == 422


async def test_the_operator_has_keys_too(anyone: httpx.AsyncClient) -> None:
    headers = {"Authorization": f"Bearer {OPERATOR}", "Idempotency-Key": str(uuid4())}
    first, again = [
        await anyone.post("/v1/tenants", json={"name": "Once"}, headers=headers) for _ in range(2)
    ]
    assert first.status_code == 201, first.text
    assert again.json() == first.json()


async def test_an_api_key_gets_its_own_results_alone(ours: Customer, anyone: httpx.AsyncClient) -> None:
    key, body = {"Idempotency-Key": str(uuid4())}, {"name": "shop", "scopes": ["audit:read"]}
    first = await ours.http.post("/v1/keys", json=body, headers=key)
    for scope in ("analytics:view", "tenants:admin"):
        other = {**await ours.limited(scope), **key}
        reply = await anyone.post("/v1/keys", json=body, headers=other)
        assert reply.status_code == (201 if scope == "tenants:admin" else 403)
        assert REPLAYED not in reply.headers
        assert first.json()["secret"] not in reply.text
        if scope == "tenants:admin":  # nor does it learn what others' requests are called
            other = await anyone.post("/v1/keys", json={**body, "name": "another"}, headers=other)
            assert other.json()["detail"].startswith("this Idempotency-Key was used with another request")
    again = await ours.http.post("/v1/keys", json=body, headers=key)
    assert (again.json(), again.headers[REPLAYED]) == (first.json(), "true")


async def test_what_the_gate_refuses_is_not_kept(ours: Customer, anyone: httpx.AsyncClient) -> None:
    key, body = {"Idempotency-Key": str(uuid4())}, {"name": "weak first", "scopes": ["audit:read"]}
    weak = await anyone.post("/v1/keys", json=body, headers={**await ours.limited("audit:read"), **key})
    assert weak.status_code == 403
    assert (await anyone.post("/v1/keys", json=body, headers=key)).status_code == 401
    ahead = await ours.http.post("/v1/keys", json=body, headers={**key, "Retrace-Position": "999999"})
    assert ahead.status_code == 409
    assert (await ours.http.post("/v1/keys", json=body, headers=key)).status_code == 201


async def test_a_tenant_that_is_suspended_meanwhile_gets_nothing_that_is_kept(
    ours: Customer, anyone: httpx.AsyncClient
) -> None:
    operator = {"Authorization": f"Bearer {OPERATOR}"}
    key, body = {"Idempotency-Key": str(uuid4())}, message()
    first = await ours.http.post("/v1/messages", json=body, headers=key)
    await anyone.post(f"/v1/tenants/{ours.tenant}/suspend", headers=operator)
    assert (await ours.http.post("/v1/messages", json=body, headers=key)).status_code == 403
    await anyone.post(f"/v1/tenants/{ours.tenant}/resume", headers=operator)
    again = await ours.http.post("/v1/messages", json=body, headers=key)
    assert (again.json(), again.headers[REPLAYED]) == (first.json(), "true")


async def test_a_rotated_key_gets_what_the_one_before_it_asked_for(
    ours: Customer, anyone: httpx.AsyncClient
) -> None:
    body = {"name": "app", "scopes": ["conversations:write", "tenants:admin"]}
    made = (await ours.http.post("/v1/keys", json=body)).json()
    key, asked = {"Idempotency-Key": str(uuid4())}, message()
    old = {"X-Tenant-API-Key": made["secret"], **key}
    first = await anyone.post("/v1/messages", json=asked, headers=old)
    for _ in range(2):  # and the one that comes after that
        rotation = {**old, "Idempotency-Key": str(uuid4())}
        made = (await anyone.post(f"/v1/keys/{made['id']}/rotate", headers=rotation)).json()
        new = {"X-Tenant-API-Key": made["secret"], **key}
        for headers in (new, old):
            again = await anyone.post("/v1/messages", json=asked, headers=headers)
            assert (again.json(), again.headers[REPLAYED]) == (first.json(), "true")
        old = new


async def test_two_api_keys_messages_of_one_name_are_two(ours: Customer, anyone: httpx.AsyncClient) -> None:
    key, body = {"Idempotency-Key": str(uuid4())}, message("Are there two?")
    first = await ours.http.post("/v1/messages", json=body, headers=key)
    other = {**await ours.limited("conversations:write"), **key}
    second = await anyone.post("/v1/messages", json=body, headers=other)
    assert (first.status_code, second.status_code) == (200, 200)
    events = await ours.http.get(f"/v1/conversations/{first.json()['conversation']}/events")
    received = [each for each in events.json()["items"] if each["kind"] == "conversation.message_received"]
    assert len(received) == 2


async def test_a_secret_is_kept_sealed(parts: Services, ours: Customer, database_url: str) -> None:
    key, body = {"Idempotency-Key": "secret"}, {"name": "app", "scopes": ["audit:read"]}
    made = await ours.http.post("/v1/keys", json=body, headers=key)
    secret, id = made.json()["secret"], made.json()["id"]
    assert made.headers["Cache-Control"] == "no-store"
    with psycopg.connect(database_url) as connection:
        rows = connection.execute("SELECT i::text, response FROM retrace.idempotency i").fetchall()
    assert rows
    for text, response in rows:
        for word in (secret, secret[-30:], id):
            assert word not in text
            assert word.encode() not in (response or b"")
    again = await ours.http.post("/v1/keys", json=body, headers=key)
    assert again.json()["secret"] == secret


@pytest.mark.parametrize("key", ["", "x" * 201, "a\tb"])
async def test_a_key_that_is_none_is_told(ours: Customer, key: str) -> None:
    reply = await ours.http.post("/v1/messages", json=message(), headers={"Idempotency-Key": key})
    assert reply.status_code == 400
    assert "Idempotency-Key" in reply.json()["detail"]


@pytest.mark.parametrize("name", ["Idempotency-Key", "Retrace-Position"])
async def test_a_header_that_decides_stands_there_once(ours: Customer, name: str) -> None:
    for values, status in ((("1", "2"), 400), (("1", "1"), 200)):
        headers = [(name, value) for value in values]
        reply = await ours.http.post("/v1/search", json={"query": "hours"}, headers=headers)
        assert reply.status_code == status, reply.text
        assert status == 200 or reply.json()["detail"].startswith(f"this request has several {name}")


async def test_versions_on_several_lines_are_one_list(ours: Customer) -> None:
    seen = (await ours.http.get("/v1/keys")).headers["ETag"]
    body = {"name": "a", "scopes": ["audit:read"]}
    for tags, status in ((('"998"', '"999"'), 409), (('"999"', seen), 201)):
        headers = [("If-Match", tag) for tag in tags]
        assert (await ours.http.post("/v1/keys", json=body, headers=headers)).status_code == status


async def test_what_a_route_takes_is_told_to_anybody(anyone: httpx.AsyncClient) -> None:
    headers = {"Content-Length": "1000000", "Idempotency-Key": "o"}
    reply = await anyone.request("OPTIONS", "/v1/documents", headers=headers, content=b"x" * 1_000_000)
    assert reply.status_code == 204
    assert "POST" in reply.headers["Allow"]


async def test_a_body_that_is_too_large_is_not_read_to_its_end(ours: Customer) -> None:
    read = 0

    async def endless():  # type: ignore[no-untyped-def]
        nonlocal read
        while True:
            read += 65536
            yield b"x" * 65536

    headers = {"Idempotency-Key": str(uuid4()), "Content-Type": "application/json"}
    reply = await ours.http.post("/v1/messages", content=endless(), headers=headers)
    assert reply.status_code == 413
    assert read < 1024 * 1024
