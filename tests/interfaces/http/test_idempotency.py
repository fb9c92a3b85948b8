"""`Idempotency-Key`: the first result again."""

from __future__ import annotations

import asyncio
import io
from datetime import timedelta
from uuid import UUID, uuid4

import httpx
import psycopg
import pytest

from application.ports import Kept
from domain.errors import Conflict
from infra.idempotency import StoredIdempotency
from interfaces.bootstrap import Services
from interfaces.http import idempotency
from tests.interfaces.http.conftest import OPERATOR, Customer

REPLAYED = "Idempotency-Replayed"


def message(text: str = "Hello?", **more: object) -> dict[str, object]:
    return {"customer": {"channel": "http", "address": f"a-{uuid4()}"}, "text": text, **more}


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
    brief = StoredIdempotency(parts.database, parts.keyring, lease=timedelta(seconds=0.2))
    assert await brief.begin(ours.tenant, "slow", b"body") is None
    await parts.idempotency.extend(ours.tenant, "slow")
    await asyncio.sleep(0.25)
    with pytest.raises(Conflict):
        await brief.begin(ours.tenant, "slow", b"body")


async def test_a_running_request_extends_its_lease(
    parts: Services, ours: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []

    async def extend(tenant: UUID, key: str) -> None:
        told.append(key)

    monkeypatch.setattr(idempotency, "EXTENDED", 0.001)
    monkeypatch.setattr(parts.idempotency, "extend", extend)
    await ours.http.post("/v1/messages", json=message("Are you open?"), headers={"Idempotency-Key": "long"})
    assert set(told) == {"long"}


async def test_a_crashed_twin_is_taken_over_after_its_lease(parts: Services, ours: Customer) -> None:
    store = StoredIdempotency(parts.database, parts.keyring, lease=timedelta(seconds=0.2))
    assert await store.begin(ours.tenant, "crashed", b"body") is None
    with pytest.raises(Conflict):
        await store.begin(ours.tenant, "crashed", b"body")
    await asyncio.sleep(0.25)
    assert await store.begin(ours.tenant, "crashed", b"body") is None
    late = Kept(200, [(b"a", b"b")], b"first")
    await store.finish(ours.tenant, "crashed", late)
    await store.finish(ours.tenant, "crashed", Kept(201, [], b"second"))  # it had not crashed after all
    assert await store.begin(ours.tenant, "crashed", b"body") == late


async def test_results_go_after_a_day_and_their_keys_are_free(
    parts: Services, ours: Customer, database_url: str
) -> None:
    store = parts.idempotency
    for key in ("old", "older"):
        await store.begin(ours.tenant, key, b"body")
        await store.finish(ours.tenant, key, Kept(200, [], b""))
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("UPDATE retrace.idempotency SET created_at = now() - interval '26 hours'")
        assert await store.begin(ours.tenant, "old", b"another body") is None
        left = connection.execute(
            "SELECT key FROM retrace.idempotency WHERE tenant = %s", [ours.tenant]
        ).fetchall()
    older = await parts.keyring.identify(ours.tenant, "idempotency", "older")
    assert (older.hex,) not in left


async def test_what_is_kept_is_sealed(parts: Services, ours: Customer, database_url: str) -> None:
    body = message("Where is the canary?")
    await ours.http.post("/v1/messages", json=body, headers={"Idempotency-Key": "sealed"})
    with psycopg.connect(database_url) as connection:
        query = "SELECT response FROM retrace.idempotency WHERE tenant = %s AND key = %s"
        name = await parts.keyring.identify(ours.tenant, "idempotency", "sealed")
        row = connection.execute(query, [ours.tenant, name.hex]).fetchone()
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


@pytest.mark.parametrize("key", ["", "x" * 201, "a\tb"])
async def test_a_key_that_is_none_is_told(ours: Customer, key: str) -> None:
    reply = await ours.http.post("/v1/messages", json=message(), headers={"Idempotency-Key": key})
    assert reply.status_code == 400
    assert "Idempotency-Key" in reply.json()["detail"]


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
