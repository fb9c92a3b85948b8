"""What comes in is taken piece by piece, and not more than there is room for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import ExitStack, suppress
from uuid import uuid4

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from application.ports import Unavailable
from domain.base.errors import TooManyRequests
from domain.retrieval.document import LARGEST
from interfaces.http.base.first_answer import Digest
from interfaces.http.base.limits import intake
from interfaces.http.base.limits.intake import TENANTS, Intake
from tests.interfaces.http.conftest import Customer
from tests.until import PATIENCE, until

FORM = {"Content-Type": "multipart/form-data; boundary=b"}
HEAD = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\n'


def test_a_tenant_has_its_bound_and_leaves_room_for_others() -> None:
    taken, a, b = Intake(tenants=100, all=250), uuid4(), uuid4()
    with ExitStack() as stack:
        stack.enter_context(taken.room(a, 60))
        with pytest.raises(TooManyRequests, match="60 bytes of this tenant's"), taken.room(a, 60):
            pass
        stack.enter_context(taken.room(a, 40))
        stack.enter_context(taken.room(b, 100))
        with pytest.raises(Unavailable), taken.room(uuid4(), 60):
            pass
    with taken.room(a, 100), taken.room(b, 100):
        pass
    with taken.room(a, 100) as room:
        room.shrink(10)
        room.shrink(50)
        with taken.room(a, 90):
            pass
        with pytest.raises(TooManyRequests), taken.room(a, 91):
            pass
    with taken.room(a, 100):
        pass
    with taken.room(a, 10_000):
        pass  # one is always taken: the route's own limit holds


def test_who_has_some_leaves_others_as_much_as_it_has() -> None:
    """So no four tenants hold all of it, each within its bound."""
    taken = Intake(tenants=64, all=256)
    with ExitStack() as stack:
        for tenant in [uuid4() for _ in range(4)]:
            with suppress(TooManyRequests):
                while True:
                    stack.enter_context(taken.room(tenant, 8))
        with taken.room(uuid4(), 32):
            pass


def test_a_room_grows_and_shrinks_with_its_body() -> None:
    taken, a, b = Intake(tenants=100, all=250), uuid4(), uuid4()
    with taken.room(a, 10) as room:
        room.grow(90)
        room.grow(20)  # it has that
        with pytest.raises(TooManyRequests), taken.room(a, 20):
            pass
        with taken.room(a, 10), pytest.raises(TooManyRequests):
            room.grow(91)
        room.shrink(50)
        with taken.room(a, 50), taken.room(b, 100):
            pass
    room.shrink(0)
    with taken.room(a, 100) as other, taken.room(b, 100):
        assert room is not other
    assert not taken._held, "all is given back"


class Uploads:
    """Uploads that have begun and go on when they are told to."""

    def __init__(self) -> None:
        self.begun, self.go = 0, asyncio.Event()

    def begin(self, customer: Customer, number: int, size: int | None = None) -> asyncio.Task[httpx.Response]:
        """`size`: in bytes, as its head tells it."""
        told = {} if size is None else {"Content-Length": str(size)}
        post = customer.http.post("/v1/documents", content=self._slow(number), headers=FORM | told)
        return asyncio.create_task(post)

    async def until(self, begun: int) -> None:
        await until(lambda: self.begun >= begun)

    async def _slow(self, number: int) -> AsyncIterator[bytes]:
        self.begun += 1
        yield HEAD
        await self.go.wait()
        yield b"Text number %d.\r\n--b--\r\n" % number


LARGE = LARGEST + 64 * 1024
MOST = TENANTS // LARGE


async def test_who_does_not_say_how_much_will_come_holds_what_has_come(ours: Customer) -> None:
    uploads = Uploads()
    under_way = [uploads.begin(ours, number) for number in range(4 * MOST)]
    await uploads.until(4 * MOST)
    uploads.go.set()
    assert {(await each).status_code for each in under_way} == {201}


async def test_who_lets_a_body_be_waited_for_holds_what_has_come(
    ours: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "GRACE", 0.5)
    monkeypatch.setattr(intake, "PACE", LARGE * 10)
    uploads = Uploads()
    under_way = [uploads.begin(ours, 100 + number, LARGE) for number in range(MOST)]
    await uploads.until(MOST)
    async with asyncio.timeout(PATIENCE):
        while True:
            more = uploads.begin(ours, 200, LARGE)
            await asyncio.wait((more,), timeout=0.2)
            if not more.done():
                break
            assert (await more).status_code == 429
    uploads.go.set()
    assert {(await each).status_code for each in (*under_way, more)} == {201}


async def test_one_upload_too_many_is_refused_at_once_and_taken_later(
    ours: Customer, theirs: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "GRACE", 60.0)
    uploads = Uploads()
    under_way = [uploads.begin(ours, 300 + number, LARGE) for number in range(MOST)]
    await uploads.until(MOST)
    async with asyncio.timeout(60):
        refused = await uploads.begin(ours, 99, LARGE)
    assert refused.status_code == 429
    assert uploads.begun == MOST, "its body was not read"
    assert int(refused.headers["Retry-After"]) >= 1
    assert refused.json()["type"] == "/problems/too-many-requests"
    assert (await ours.ask("Are you open?")).status_code == 200, "all else goes on"
    other = uploads.begin(theirs, 1, LARGE)
    uploads.go.set()
    assert [(await each).status_code for each in (*under_way, other)] == [201] * (MOST + 1)
    assert (await uploads.begin(ours, 99, LARGE)).status_code == 201


async def test_a_large_upload_with_an_idempotency_key_is_taken_once_and_given_back_whole(
    ours: Customer,
) -> None:
    content = b"".join(b"Line %d of a text.\n" % n for n in range(60_000))
    key = {"Idempotency-Key": str(uuid4())}
    for boundary in (b"one", b"another"):
        form = HEAD.replace(b"--b", b"--" + boundary) + content + b"\r\n--" + boundary + b"--\r\n"
        kind = {"Content-Type": f"multipart/form-data; boundary={boundary.decode()}"}
        reply = await ours.http.post("/v1/documents", content=form, headers={**key, **kind})
        assert reply.status_code == 201, reply.text
    assert reply.headers["Idempotency-Replayed"] == "true"
    got = await ours.http.get(f"{reply.headers['Location']}/content")
    assert got.content == content
    assert int(got.headers["Content-Length"]) == len(content)
    await ours.http.delete(reply.headers["Location"])
    await settled_away(ours, reply.headers["Location"])


async def settled_away(customer: Customer, address: str) -> None:
    assert (await customer.http.get(f"{address}/content")).status_code == 404


@given(st.lists(st.text(alphabet="ab-", max_size=9).map(str.encode), max_size=9))
def test_the_digest_counts_every_boundary_as_the_same_word(parts: list[bytes]) -> None:
    for word in ("", "a", "ab", "aab-"):
        digest = Digest(word)
        for part in parts:
            digest.update(part)
        whole = Digest("")
        text = b"".join(parts)
        whole.update(text.replace(word.encode(), b"boundary") if word else text)
        assert digest.hex() == whole.hex()
