"""What comes in is taken piece by piece, and not more than there is room for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import ExitStack
from uuid import uuid4

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from application.ports import Unavailable
from domain.document import LARGEST
from domain.errors import TooManyRequests
from interfaces.http.idempotency import Digest
from interfaces.http.intake import TENANTS, Intake
from tests.interfaces.http.conftest import Customer

FORM = {"Content-Type": "multipart/form-data; boundary=b"}
HEAD = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\n'


def test_a_tenant_has_its_bound_and_leaves_room_for_others() -> None:
    intake, a, b = Intake(tenants=100, all=250), uuid4(), uuid4()
    with ExitStack() as stack:
        stack.enter_context(intake.room(a, 60))
        with pytest.raises(TooManyRequests, match="60 bytes of this tenant's"), intake.room(a, 60):
            pass
        stack.enter_context(intake.room(a, 40))
        stack.enter_context(intake.room(b, 100))
        with pytest.raises(Unavailable), intake.room(uuid4(), 60):
            pass
    with intake.room(a, 100), intake.room(b, 100):
        pass
    with intake.room(a, 100) as shrink:
        shrink(10)
        shrink(50)  # never more again
        with intake.room(a, 90):
            pass
        with pytest.raises(TooManyRequests), intake.room(a, 91):
            pass
    with intake.room(a, 100):
        pass
    with intake.room(a, 10_000):
        pass  # one is always taken: the route's own limit holds


def upload(customer: Customer, content: AsyncIterator[bytes]) -> asyncio.Task[httpx.Response]:
    return asyncio.create_task(customer.http.post("/v1/documents", content=content, headers=FORM))


async def test_one_upload_too_many_is_refused_at_once_and_taken_later(
    ours: Customer, theirs: Customer
) -> None:
    go, begun = asyncio.Event(), 0

    async def slow(number: int) -> AsyncIterator[bytes]:
        nonlocal begun
        begun += 1
        yield HEAD
        await go.wait()
        yield b"Text number %d.\r\n--b--\r\n" % number

    most = TENANTS // (LARGEST + 64 * 1024)
    under_way = [upload(ours, slow(number)) for number in range(most)]
    async with asyncio.timeout(60):
        while begun < most:
            await asyncio.sleep(0.01)
        refused = await upload(ours, slow(99))
    assert refused.status_code == 429
    assert begun == most, "its body was not read"
    assert int(refused.headers["Retry-After"]) >= 1
    assert refused.json()["type"] == "/problems/too-many-requests"
    assert (await ours.ask("Are you open?")).status_code == 200, "all else goes on"
    other = upload(theirs, slow(1))
    go.set()
    assert [(await each).status_code for each in (*under_way, other)] == [201] * (most + 1)
    assert (await upload(ours, slow(99))).status_code == 201


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
