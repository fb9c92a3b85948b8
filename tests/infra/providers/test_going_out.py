"""What a call costs that was not answered: at least its prompt once it went out, nothing before that or where the provider refused it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
import pytest_asyncio

from application.gateway.attempt import Attempted, Attempting
from application.ports import Completer
from domain.models.catalogue import Catalogue
from domain.models.completion import Usage
from domain.models.pricing import Price
from infra.outgoing.client import Outgoing
from infra.providers.gemini.completer import GeminiCompleter
from infra.providers.openai.completer import OpenAICompleter
from tests.doubles.wire import CUT, Reply, Wire, server_events, serving
from tests.infra.providers.asking import ABILITIES, COUNTER, our_count, request
from tests.until import PATIENCE, until

NOW = datetime(2026, 11, 28, tzinfo=UTC)
MODEL = "gemini-2.5-flash"
PRICES = [
    Price(provider="p", model=MODEL, input=Decimal(1_000_000), output=Decimal(2_000_000), since=NOW),
]
DEAREST = Decimal(1000)
PROMPT = our_count("").input

VENDORS: dict[str, Any] = {"openai": OpenAICompleter, "gemini": GeminiCompleter}
PATHS = {"openai": "/v1", "gemini": ""}


@pytest.fixture(name="wire")
def _wire() -> Wire:
    return Wire(lambda call: Reply(steps=[], delay=60))


@pytest_asyncio.fixture
async def http(wire: Wire) -> AsyncIterator[Outgoing]:
    async with serving(wire), Outgoing(guarded=False) as http:
        yield http


def attempt(vendor: str, streamed: bool, http: Outgoing, address: str) -> Attempting:
    completer: Completer = VENDORS[vendor](
        name="p",
        key="k",
        base_url=address + PATHS[vendor],
        http=http,
        counter=COUNTER,
        abilities=lambda model: ABILITIES,
    )

    async def emit(piece: str) -> None:
        pass

    return Attempting(
        completer,
        request(MODEL),
        catalogue=Catalogue({}, {f"p/{MODEL}": PRICES}),
        counter=COUNTER,
        clock=lambda: NOW,
        emit=emit if streamed else None,
        dearest=DEAREST,
    )


def bill(attempted: Attempted) -> tuple[str, Decimal, Decimal]:
    """How it ended, what it cost, and what it may still come to."""
    assert attempted.completion is None
    return attempted.attempt.outcome, attempted.attempt.cost, attempted.uncertain


@pytest.fixture(params=["openai", "gemini"])
def vendor(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(params=[False, True], ids=["whole", "streamed"])
def streamed(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


async def test_what_went_out_and_is_given_up_costs_its_prompt(
    vendor: str, streamed: bool, http: Outgoing, wire: Wire
) -> None:
    attempting = attempt(vendor, streamed, http, f"http://127.0.0.1:{wire.port}")
    task = asyncio.create_task(attempting.run(60))
    await until(lambda: wire.calls)
    task.cancel()
    await asyncio.wait([task])
    cut = attempting.cut()
    assert bill(cut) == ("cancelled", PROMPT, DEAREST - PROMPT)
    assert cut.attempt.usage == our_count("")
    assert cut.attempt.price == f"p/{MODEL}@2026-11-28"


async def test_what_went_out_and_is_not_answered_in_time_costs_its_prompt(
    vendor: str, streamed: bool, http: Outgoing, wire: Wire
) -> None:
    asked = partial(attempt, vendor, streamed, http, f"http://127.0.0.1:{wire.port}")
    waits, wire.answer = wire.answer, lambda call: Reply(500, body=b"{}")
    await asked().run(30)  # it has made the connection
    wire.answer = waits
    assert bill(await asked().run(1)) == ("timeout", PROMPT, DEAREST - PROMPT)


@pytest.mark.parametrize(
    "reply",
    [
        Reply(steps=[CUT]),
        Reply(steps=[b'{"cho', CUT]),
        Reply(body=b"<html>hello</html>"),
        Reply(504, body=b"{}"),
        Reply(524, body=b"{}"),
    ],
    ids=["cut", "cut-late", "nonsense", "504", "524"],
)
async def test_an_answer_that_says_nothing_of_the_call_costs_its_prompt(
    vendor: str, streamed: bool, http: Outgoing, wire: Wire, reply: Reply
) -> None:
    wire.answer = lambda call: reply
    attempting = attempt(vendor, streamed, http, f"http://127.0.0.1:{wire.port}")
    _, cost, uncertain = bill(await attempting.run(30))
    assert (cost, uncertain) == (PROMPT, DEAREST - PROMPT)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 408, 413, 422, 429, 500, 502, 503])
async def test_a_providers_own_error_costs_nothing(
    vendor: str, streamed: bool, http: Outgoing, wire: Wire, status: int
) -> None:
    wire.answer = lambda call: Reply(status, body=b'{"error": {"message": "no", "code": %d}}' % status)
    attempting = attempt(vendor, streamed, http, f"http://127.0.0.1:{wire.port}")
    _, cost, uncertain = bill(await attempting.run(30))
    assert (cost, uncertain) == (0, 0)


async def test_an_error_in_a_stream_ends_it_for_sure_and_what_was_said_is_paid(
    http: Outgoing, wire: Wire
) -> None:
    said, error = (
        b'{"choices": [{"delta": {"content": "Yes"}}]}',
        b'{"error": {"message": "busy", "code": 503}}',
    )
    wire.answer = lambda call: server_events([said, error])
    attempting = attempt("openai", True, http, f"http://127.0.0.1:{wire.port}")
    used = our_count("Yes")
    assert bill(await attempting.run(30)) == ("unavailable", used.input + 2 * used.output, 0)


async def test_a_stream_that_is_cut_costs_what_was_said_and_may_come_to_more(
    http: Outgoing, wire: Wire
) -> None:
    wire.answer = lambda call: server_events([b'{"choices": [{"delta": {"content": "Yes"}}]}', CUT])
    attempting = attempt("openai", True, http, f"http://127.0.0.1:{wire.port}")
    used = our_count("Yes")
    paid = used.input + 2 * used.output
    assert bill(await attempting.run(30)) == ("unavailable", paid, DEAREST - paid)


FIRST: dict[str, tuple[bytes, Usage]] = {
    "openai": (
        b'{"choices": [{"delta": {"content": "Yes"}%s}], "usage": {"prompt_tokens": 200, "completion_tokens": 81,'
        b' "completion_tokens_details": {"reasoning_tokens": 80}}}',
        Usage(input=200, output=81, reasoning=80),
    ),
    "gemini": (
        b'{"candidates": [{"content": {"parts": [{"text": "Yes"}]}%s}], "usageMetadata": {"promptTokenCount": 200,'
        b' "candidatesTokenCount": 1, "thoughtsTokenCount": 80, "totalTokenCount": 281}}',
        Usage(input=200, output=81, reasoning=80),
    ),
}
"""A stream's first piece, which tells what was counted so far."""

FINISHED = {"openai": b', "finish_reason": "stop"', "gemini": b', "finishReason": "STOP"'}
COUNTED = Decimal(200 + 2 * 81)


@pytest.mark.parametrize("finished", [False, True])
@pytest.mark.parametrize("how", ["waiting", "emitting", "cut"])
async def test_what_a_provider_has_counted_is_paid_and_may_come_to_more_until_the_answer_has_ended(
    vendor: str, http: Outgoing, wire: Wire, how: str, finished: bool
) -> None:
    text, usage = FIRST[vendor]
    piece = text % (FINISHED[vendor] if finished else b"")
    wire.answer = lambda call: server_events([piece, CUT if how == "cut" else 60.0])
    attempting, came = attempt(vendor, True, http, f"http://127.0.0.1:{wire.port}"), asyncio.Event()

    async def emit(piece: str) -> None:
        came.set()
        if how == "emitting":
            await asyncio.sleep(60)

    attempting._emit = emit
    task = asyncio.create_task(attempting.run(60))
    if how == "cut":
        attempted, outcome = await task, "unavailable"
    else:
        async with asyncio.timeout(PATIENCE):
            await came.wait()
        task.cancel()
        await asyncio.wait([task])
        attempted, outcome = attempting.cut(), "cancelled"
    assert bill(attempted) == (outcome, COUNTED, 0 if finished else DEAREST - COUNTED)
    assert attempted.attempt.usage == usage
    assert 200 in attempted.attempt.raw_usage.values()


async def test_who_goes_away_from_a_whole_answer_that_is_told_as_a_stream_pays_all_of_it(
    http: Outgoing, wire: Wire
) -> None:
    whole = FIRST["openai"][0].replace(b"delta", b"message") % FINISHED["openai"]
    wire.answer = lambda call: Reply(body=whole)
    attempting, came = attempt("openai", True, http, f"http://127.0.0.1:{wire.port}"), asyncio.Event()
    attempting._request = request(MODEL, abilities=frozenset())

    async def emit(piece: str) -> None:
        came.set()
        await asyncio.sleep(60)

    attempting._emit = emit
    task = asyncio.create_task(attempting.run(60))
    async with asyncio.timeout(PATIENCE):
        await came.wait()
    task.cancel()
    await asyncio.wait([task])
    assert bill(attempting.cut()) == ("cancelled", COUNTED, 0)


async def test_what_never_went_out_costs_nothing(vendor: str, streamed: bool, http: Outgoing) -> None:
    asked = partial(attempt, vendor, streamed)
    _, *refused = bill(await asked(http, "http://127.0.0.1:1").run(30))
    assert refused == [0, 0]
    async with Outgoing(guarded=True) as guarded:
        assert bill(await asked(guarded, "http://127.0.0.1:1").run(30)) == ("bad_request", 0, 0)


async def test_who_goes_away_while_it_connects_pays_nothing(
    vendor: str, streamed: bool, http: Outgoing, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    connecting = asyncio.Event()

    async def connect(*_: Any, **__: Any) -> Any:
        connecting.set()
        await asyncio.sleep(60)

    monkeypatch.setattr(http._connected().connector, "connect", connect)
    attempting = attempt(vendor, streamed, http, f"http://127.0.0.1:{wire.port}")
    task = asyncio.create_task(attempting.run(60))
    await connecting.wait()
    task.cancel()
    await asyncio.wait([task])
    assert bill(attempting.cut()) == ("cancelled", 0, 0)
