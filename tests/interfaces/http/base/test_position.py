"""`Retrace-Position`: a read that sees a write. Cursors: a list that goes on."""

from __future__ import annotations

import base64
from datetime import timedelta
from time import monotonic
from typing import Any

import psycopg
import pytest

from infra.projections import reads
from interfaces.bootstrap import Services
from projections import PROJECTIONS
from tests.interfaces.http.conftest import Customer, customer_of

HEADER = "Retrace-Position"
READS = ("/v1/conversations", "/v1/documents", "/v1/providers/usage")


async def test_a_read_at_a_written_position_sees_the_write(ours: Customer) -> None:
    for number in range(5):
        reply = await ours.ask("Hello?", address=f"seen {number}", wait=0)
        headers = {HEADER: reply.headers[HEADER]}
        listed = (await ours.http.get("/v1/conversations", headers=headers)).json()["items"]
        assert reply.json()["conversation"] in [item["id"] for item in listed]


@pytest.mark.parametrize("path", READS)
async def test_what_is_no_position_is_400(ours: Customer, path: str) -> None:
    for position in ("-1", "newest", "1.5", "9" * 40):
        reply = await ours.http.get(path, headers={HEADER: position})
        assert reply.status_code == 400, (position, reply.text)


@pytest.mark.parametrize("path", READS)
async def test_a_position_beyond_the_end_is_told_with_the_end(ours: Customer, path: str) -> None:
    end = (await ours.ask("Hello?", wait=0)).headers[HEADER]
    reply = await ours.http.get(path, headers={HEADER: "4611686018427387904"})
    assert reply.status_code == 409
    assert reply.json()["end"] >= int(end)
    assert "restored from a backup" in reply.json()["detail"]


@pytest.mark.parametrize("path", ["/v1/audit/events", "/v1/audit/events/stream", "/v1/audit/export"])
async def test_whoever_goes_on_from_beyond_the_end_is_told_and_misses_nothing(
    ours: Customer, path: str
) -> None:
    """As after a restore, where a follower knows more than the log."""
    end = int((await ours.ask("Hello?", wait=0)).headers[HEADER])
    reply = await ours.http.get(path, params={"after": end + 1000})
    assert reply.status_code == 409, reply.text
    assert reply.json()["type"] == "/problems/conflict"
    assert end <= reply.json()["end"] < end + 1000
    if path.endswith("stream"):
        reply = await ours.http.get(path, headers={"Last-Event-ID": str(end + 1000)})
        assert reply.status_code == 409, reply.text


async def test_a_projection_that_does_not_come_is_503_within_bounds(
    app: Any, parts: Services, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    tenant = await customer_of(app, parts, "Stopped")
    async with tenant.http as http:
        assert (await http.get("/v1/conversations", headers={HEADER: "2"})).status_code == 200
        monkeypatch.setattr(reads, "PATIENCE", timedelta(seconds=1))
        with psycopg.connect(database_url, autocommit=True) as connection:
            update = "UPDATE retrace.cursors SET stopped = 'a test' WHERE tenant = %s"
            assert connection.execute(update, [tenant.tenant]).rowcount == len(PROJECTIONS)
        reply = await tenant.ask("Is anybody there?")
        began = monotonic()
        late = await http.get("/v1/conversations", headers={HEADER: reply.headers[HEADER]})
        assert late.status_code == 503
        assert late.json()["type"] == "/problems/unavailable"
        assert int(late.headers["Retry-After"]) > 0
        assert 0.9 < monotonic() - began < 30
        assert (await http.get("/v1/conversations")).status_code == 200  # as new as it is
        # What it does not know yet is not said to be nothing.
        assert (await http.get(f"/v1/interactions/{reply.json()['id']}")).status_code == 503
        items = (await http.get("/v1/projections")).json()["items"]
        assert {item["stopped"] for item in items} == {"a test"}
        assert all(item["behind"] > 0 for item in items)


async def test_a_cursor_that_was_tampered_with_is_400(ours: Customer, theirs: Customer) -> None:
    last = [await ours.ask("Hello?", address=f"tampered {number}", wait=0) for number in range(3)][-1]
    await theirs.ask("Hello?", wait=0)
    known = {HEADER: last.headers[HEADER]}
    cursor = (await ours.http.get("/v1/conversations?limit=1", headers=known)).json()["next_cursor"]
    assert (await ours.http.get(f"/v1/conversations?cursor={cursor}")).status_code == 200
    raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    for changed in (raw[:-1] + bytes([raw[-1] ^ 1]), raw[:8], raw[8:], b"", bytes(30)):
        text = base64.urlsafe_b64encode(changed).decode().rstrip("=")
        assert (await ours.http.get(f"/v1/conversations?cursor={text}")).status_code == 400, changed
    for text in ("a", "%00", "ä", "=", "1", "x" * 200, "x" * 400):
        assert (await ours.http.get(f"/v1/conversations?cursor={text}")).status_code == 400, text
    # Of another list, other filters, another tenant:
    assert (await ours.http.get(f"/v1/documents?cursor={cursor}")).status_code == 400
    assert (await ours.http.get(f"/v1/conversations?status=open&cursor={cursor}")).status_code == 400
    assert (await theirs.http.get(f"/v1/conversations?cursor={cursor}")).status_code == 400
