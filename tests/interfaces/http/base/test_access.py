"""Streams end when what let them in is taken away, whatever goes on meanwhile; and there are not too many of them."""

from __future__ import annotations

import asyncio
import dataclasses
import itertools
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import aclosing, asynccontextmanager
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
import pytest_asyncio
import uvicorn

from application.audit.reading import LogRead, record_read
from application.base.tasks import cancel_and_wait
from application.tenancy.api_key import RevokeKey, RotateKey, revoke_key, rotate_key
from application.tenancy.removal import remove_tenant
from application.tenancy.tenant import resume_tenant, suspend_tenant
from domain.base.context import Context
from domain.tenancy.tenant import Tenant
from infra.settings import Settings
from interfaces.asgi import create_app
from interfaces.bootstrap import Services, services
from tests.doubles.openai import PIECES, Double, openai_double, streamed, whole
from tests.doubles.wire import Call, Reply, Step
from tests.interfaces.http.conftest import Customer, customer_of
from tests.interfaces.http.upstream import asking
from tests.until import PATIENCE, until

SCOPES = ["conversations:write", "conversations:read", "audit:read", "integrations:manage"]
SOON = 30.0
"""Seconds, of a machine that may stand still; the next sign of life would come after 15."""

FOLLOW, EXPORT = "/v1/audit/events/stream", "/v1/audit/export"
MESSAGE = {"customer": {"channel": "http", "address": "ann"}, "text": "When are you open?"}
CHAT = {"model": "openai/gpt-4o-mini", "messages": [{"role": "user", "content": "When are you open?"}]}


@pytest_asyncio.fixture(scope="module")
async def upstream() -> AsyncIterator[Double]:
    async with openai_double() as double:
        yield double


@pytest_asyncio.fixture(scope="module", name="parts")
async def _parts(settings: Settings, upstream: Double) -> AsyncIterator[Services]:
    async with services(asking(settings, upstream.url("scripted")), pool=6) as parts:
        yield parts


@pytest_asyncio.fixture(scope="module")
async def elsewhere(settings: Settings) -> AsyncIterator[Services]:
    """Another process, whose hints nobody hears."""
    given = {field: getattr(settings, field) for field in settings.__struct_fields__}
    async with services(Settings(**given | {"redis_url": None}), pool=3) as parts:
        yield parts


@asynccontextmanager
async def serving(app: Any) -> AsyncIterator[str]:
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_config=None, lifespan="off"))
    task = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    await task


@pytest_asyncio.fixture(scope="module")
async def address(app: Any) -> AsyncIterator[str]:
    async with serving(app) as address:
        yield address


@dataclasses.dataclass
class Shop:
    """A tenant, and a key of it that has not all scopes, which is taken away."""

    tenant: Customer
    key: str
    http: httpx.AsyncClient
    end: asyncio.Event
    """Set when the provider is to end its answers."""

    @property
    def context(self) -> Context:
        return Context(tenant=self.tenant.tenant, actor="operator:test", correlation=uuid4())


@pytest_asyncio.fixture
async def shop(app: Any, address: str, parts: Services, upstream: Double) -> AsyncIterator[Shop]:
    await parts.health.reset(await parts.health.all())
    customer = await customer_of(app, parts, "Shop")
    end = asyncio.Event()
    upstream.answer = counting(end)
    async with customer.http:
        chosen = {"default_model": "openai/gpt-4o-mini"}
        assert (await customer.http.put("/v1/agent/configuration", json=chosen)).status_code == 200
        made = (await customer.http.post("/v1/keys", json={"name": "lent", "scopes": SCOPES})).json()
        bearer = {"Authorization": f"Bearer {made['secret']}"}
        async with httpx.AsyncClient(base_url=address, headers=bearer, timeout=30, trust_env=False) as http:
            yield Shop(customer, made["id"], http, end)
    end.set()


def counting(end: asyncio.Event) -> Callable[[Call], Reply]:
    """Counts aloud, fifty times a second, until it is told to end. To a worker, which asks for no stream, it answers at once."""
    begin, piece, *_, over, usage, done = streamed("ok").steps

    def steps() -> Iterator[Step]:
        yield begin
        for number in itertools.count():
            assert isinstance(piece, bytes)
            yield piece.replace(PIECES[0].encode(), b"%d " % number)
            yield 0.02
            if end.is_set():
                break
        yield from (over, usage, done)

    return lambda call: (
        dataclasses.replace(streamed("ok"), steps=steps()) if call.body.get("stream") else whole("ok")
    )


def hanging(end: asyncio.Event) -> Callable[[Call], Reply]:
    """Says nothing until it is told to end."""

    def steps() -> Iterator[Step]:
        while not end.is_set():
            yield 0.02
        yield from streamed("ok").steps

    return lambda call: dataclasses.replace(streamed("ok"), steps=steps())


@asynccontextmanager
async def traffic(parts: Services, context: Context) -> AsyncIterator[None]:
    """The log goes on, a hundred times a second: no stream is ever silent."""

    async def go_on() -> None:
        while True:
            await record_read(LogRead(route="test"), context, store=parts.store, clock=parts.clock)
            await asyncio.sleep(0.01)

    going = asyncio.create_task(go_on())
    try:
        yield
        assert not going.done(), "it went on until the end"
    finally:
        await cancel_and_wait(going)


Cause = Callable[[Services, Shop], Awaitable[Any]]


async def revoked(there: Services, shop: Shop) -> None:
    await revoke_key(RevokeKey(key=shop.key), shop.context, store=there.store, clock=there.clock)


async def expired(there: Services, shop: Shop) -> None:
    """In whose place another one comes, a second later."""
    rotate = RotateKey(key=shop.key, overlap_hours=1 / 3600)
    await rotate_key(rotate, shop.context, store=there.store, clock=there.clock)


async def narrowed(there: Services, shop: Shop) -> None:
    """Its scopes are others from now on."""

    def decide(tenant: Tenant | None) -> Tenant:
        assert tenant is not None
        known = tenant.state.keys[shop.key]
        facts: Any = {"name": known.name, "secret_hash": known.secret_hash, "expires_at": None}
        tenant.issue_key(shop.key, scopes=("analytics:view",), at=there.clock(), **facts)
        return tenant

    await there.store.change(Tenant, shop.tenant.tenant, decide, context=shop.context)


async def suspended(there: Services, shop: Shop) -> None:
    await suspend_tenant(None, shop.context, store=there.store, clock=there.clock)


async def removed(there: Services, shop: Shop) -> None:
    await remove_tenant(timedelta(days=1), shop.context, store=there.store, clock=there.clock)


CAUSES: dict[str, tuple[Cause, str, str]] = {
    "revoked": (revoked, "unauthenticated", "was revoked"),
    "expired": (expired, "unauthenticated", "has expired"),
    "narrowed": (narrowed, "forbidden", "lacks the scope"),
    "suspended": (suspended, "forbidden", "is suspended"),
    "removed": (removed, "forbidden", "is removed"),
}
OPENAI = {"unauthenticated": "authentication_error", "forbidden": "permission_error"}


async def read_until_its_end(reply: httpx.Response, begun: Callable[[], Awaitable[Any]], after: int) -> str:
    """All that came. Once `after` lines did, `begun` is awaited beside; the end comes soon after that."""
    lines: list[str] = []
    deed: asyncio.Task[Any] | None = None
    async with asyncio.timeout(60) as limit, aclosing(reply.aiter_lines()) as incoming:
        async for line in incoming:
            lines.append(line)
            if len(lines) > after and deed is None:
                deed = asyncio.ensure_future(begun())
                deed.add_done_callback(
                    lambda _: limit.reschedule(asyncio.get_running_loop().time() + SOON + 1)
                )
    assert deed is not None, lines
    await deed
    return "\n".join(lines)


@pytest.mark.parametrize("cause", CAUSES)
async def test_a_follower_ends_and_is_told_why(
    shop: Shop, parts: Services, elsewhere: Services, cause: str
) -> None:
    deed, kind, why = CAUSES[cause]
    async with (
        traffic(parts, shop.context),
        shop.http.stream("GET", FOLLOW, params={"after": 0}) as reply,
    ):
        assert reply.status_code == 200
        text = await read_until_its_end(reply, lambda: deed(elsewhere, shop), after=60)
    *_, last = text.strip().split("\n\n")
    name, data = last.splitlines()
    assert name == "event: error"
    problem = json.loads(data.removeprefix("data: "))
    assert problem["type"] == f"/problems/{kind}"
    assert why in problem["detail"]


@pytest.mark.parametrize("cause", CAUSES)
async def test_a_stream_of_a_message_ends_and_is_told_why(
    shop: Shop, elsewhere: Services, cause: str
) -> None:
    deed, kind, why = CAUSES[cause]
    accept = {"Accept": "text/event-stream"}
    async with shop.http.stream("POST", "/v1/messages", json=MESSAGE, headers=accept) as reply:
        assert reply.status_code == 200
        text = await read_until_its_end(reply, lambda: deed(elsewhere, shop), after=20)
    *_, last = text.strip().split("\n\n")
    name, data = last.splitlines()
    assert name == "event: error"
    problem = json.loads(data.removeprefix("data: "))
    assert (problem["type"], why in problem["detail"]) == (f"/problems/{kind}", True)


@pytest.mark.parametrize("cause", CAUSES)
async def test_a_streamed_completion_ends_in_the_form_of_its_api(
    shop: Shop, elsewhere: Services, upstream: Double, cause: str
) -> None:
    deed, kind, why = CAUSES[cause]
    async with shop.http.stream("POST", "/v1/chat/completions", json=CHAT | {"stream": True}) as reply:
        assert reply.status_code == 200
        text = await read_until_its_end(reply, lambda: deed(elsewhere, shop), after=20)
    *_, last = text.strip().split("\n\n")
    error = json.loads(last.removeprefix("data: "))["error"]
    assert error["type"] == OPENAI[kind]
    assert why in error["message"]
    assert "[DONE]" not in text
    await asyncio.wait_for(upstream.calls[-1].gone.wait(), SOON)  # nobody pays for what nobody gets


async def test_an_export_is_broken_off(
    shop: Shop, parts: Services, elsewhere: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has no last chunk, which every client tells as an error."""
    find = parts.store.find

    async def endless(*given: Any, **named: Any) -> AsyncIterator[Any]:
        while True:
            async for found in find(*given, **named):
                yield found
            await asyncio.sleep(0.02)

    monkeypatch.setattr(parts.store, "find", endless)
    async with shop.http.stream("GET", EXPORT) as reply:
        assert reply.status_code == 200
        with pytest.raises(httpx.RemoteProtocolError):
            await read_until_its_end(reply, lambda: revoked(elsewhere, shop), after=20)


async def test_whoever_waits_for_an_answer_waits_no_longer(
    shop: Shop, elsewhere: Services, upstream: Double
) -> None:
    upstream.answer = hanging(shop.end)
    before = len(upstream.calls)
    told = await shop.tenant.http.post("/v1/messages", json={**MESSAGE, "wait": 0})
    id = told.json()["id"]
    other = [{"role": "user", "content": "Something else?"}]  # else they wait for the same answer
    waits = [
        shop.http.get(f"/v1/interactions/{id}", params={"wait": 60}),
        shop.http.post("/v1/messages", json={**MESSAGE, "wait": 60}),
        shop.http.post("/v1/chat/completions", json=CHAT),
        shop.http.post("/v1/chat/completions", json=CHAT | {"stream": True, "messages": other}),
    ]
    waiting = [asyncio.ensure_future(wait) for wait in waits]
    async with asyncio.timeout(PATIENCE):
        while len(upstream.calls) < before + 3:  # both messages' one, and two completions'
            await asyncio.sleep(0.02)
    assert not [wait for wait in waiting if wait.done()]
    await revoked(elsewhere, shop)
    async with asyncio.timeout(SOON):
        replies = await asyncio.gather(*waiting)
    assert [reply.status_code for reply in replies] == [401] * 4
    assert {reply.json()["type"] for reply in replies} == {"/problems/unauthenticated"}
    assert replies[2].json()["error"]["type"] == "authentication_error"
    asked = [call for call in upstream.calls[before:] if len(call.body["messages"]) == 1]
    assert len(asked) == 2
    async with asyncio.timeout(SOON):
        for call in asked:
            await call.gone.wait()


async def test_a_stream_that_was_ended_is_not_kept_for_its_idempotency_key(
    shop: Shop, elsewhere: Services
) -> None:
    body = CHAT | {"stream": True}
    key = {"Idempotency-Key": str(uuid4())}
    async with shop.http.stream("POST", "/v1/chat/completions", json=body, headers=key) as reply:
        text = await read_until_its_end(reply, lambda: suspended(elsewhere, shop), after=20)
    assert "is suspended" in text
    await resume_tenant(shop.context, store=elsewhere.store, clock=elsewhere.clock)
    shop.end.set()
    async with asyncio.timeout(PATIENCE):
        while (
            again := await shop.http.post("/v1/chat/completions", json=body, headers=key)
        ).status_code == 403:
            await asyncio.sleep(0.1)  # the other process may know it for a second
    assert "idempotency-replayed" not in again.headers
    assert again.text.endswith("data: [DONE]\n\n")


async def test_a_key_and_a_tenant_have_so_many_streams_and_no_more(
    app: Any, parts: Services, shop: Shop
) -> None:
    bounds = {"max_streams_per_key": 2, "max_streams_per_tenant": 3}
    given = {field: getattr(parts.settings, field) for field in parts.settings.__struct_fields__}
    bounded = create_app(dataclasses.replace(parts, settings=Settings(**given | bounds)))
    own, other = shop.tenant.http.headers, await customer_of(app, parts, "Other")
    async with (
        serving(bounded) as address,
        httpx.AsyncClient(base_url=address, trust_env=False, timeout=30) as http,
        other.http,
    ):

        @asynccontextmanager
        async def follower(headers: Any) -> AsyncIterator[httpx.Response]:
            async with http.stream("GET", FOLLOW, headers=headers) as reply:
                await reply.aread() if reply.status_code != 200 else None
                yield reply

        lent = shop.http.headers
        async with follower(lent) as first, follower(own) as third:
            assert (first.status_code, third.status_code) == (200, 200)
            async with follower(lent) as second, follower(lent) as more, follower(own) as most:
                assert second.status_code == 200
                assert (more.status_code, most.status_code) == (429, 429)
                assert int(more.headers["Retry-After"]) >= 1
                assert "this key has 2 streams" in more.json()["detail"]
                assert "this tenant has 3 streams" in most.json()["detail"]
                body = CHAT | {"stream": True}
                refused = await http.post("/v1/chat/completions", json=body, headers=own)
                assert refused.status_code == 429
                assert refused.json()["error"]["type"] == "rate_limit_error"
                async with follower(other.http.headers) as theirs:
                    assert theirs.status_code == 200
            async with asyncio.timeout(SOON):  # a place is free once it is noticed that its client has gone
                while True:
                    async with follower(lent) as again:
                        if again.status_code == 200:
                            break
                    await asyncio.sleep(0.05)

    async def all_gone() -> Any:  # those of this server; one of another test may be there still
        return re.search(r"\nretrace_streams [01]\.0", (await shop.tenant.http.get("/metrics")).text)

    await until(all_gone)
    metrics = (await shop.tenant.http.get("/metrics")).text
    assert 'retrace_streams_refused_total{bound="key"}' in metrics
    assert 'retrace_streams_refused_total{bound="tenant"}' in metrics


async def test_a_tenant_that_has_much_going_on_is_looked_at_now_and_then(
    shop: Shop, parts: Services, elsewhere: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once for all its streams, however many hints come."""
    asked = 0
    caught_up = parts.store._caught_up

    async def counted(kind: Any, id: Any, *given: Any, **named: Any) -> Any:
        nonlocal asked
        asked += kind is Tenant and id == shop.tenant.tenant
        return await caught_up(kind, id, *given, **named)

    monkeypatch.setattr(parts.store, "_caught_up", counted)
    loop = asyncio.get_running_loop()
    async with traffic(parts, shop.context):
        followers = [
            asyncio.ensure_future(shop.http.get(FOLLOW, params={"kind": "tenant.removed"})) for _ in range(6)
        ]
        began = loop.time()
        await asyncio.sleep(2)
        seconds, count = loop.time() - began, asked
        await revoked(elsewhere, shop)
        async with asyncio.timeout(SOON):
            texts = [reply.text for reply in await asyncio.gather(*followers)]
    assert all("was revoked" in text for text in texts)
    assert 0 < count <= seconds * 12 + 4, "six streams, a hundred hints a second: ten looks a second at most"


async def test_while_it_can_not_be_asked_streams_go_on_and_later_they_end(
    shop: Shop, parts: Services, elsewhere: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever it was: the watch outlives it."""
    failed = 0

    async def broken(*_: Any, **__: Any) -> Any:
        nonlocal failed
        failed += 1
        raise RuntimeError("a bug")

    async with (
        traffic(elsewhere, shop.context),
        shop.http.stream("GET", FOLLOW, params={"after": 0}) as reply,
    ):
        with monkeypatch.context() as patch:
            patch.setattr(parts.store, "latest", broken)
            await revoked(elsewhere, shop)
            async with asyncio.timeout(SOON):
                while failed < 3:
                    await asyncio.sleep(0.05)
        async with asyncio.timeout(SOON):
            text = "\n".join([line async for line in reply.aiter_lines()])
    assert "was revoked" in text
