"""Google's SDK against a double at the wire."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import msgspec
import pytest

from application.ports import ProviderError
from domain.models.completion import Completion, CompletionRequest, Turn, Usage
from infra.outgoing.client import Outgoing
from infra.providers.gemini.completer import GeminiCompleter
from tests.doubles.gemini import BLOCKED, PIECES, USAGE, WRONG_USAGES, Double, gemini_double
from tests.doubles.wire import Call, Reply, Wire, server_events, serving
from tests.infra.providers.asking import ABILITIES, CANARY, COUNTER, gather, our_count, request
from tests.until import PATIENCE, until

MODEL = "gemini-3.8-flash"
COUNTED = Usage(input=120, cached=20, output=30, reasoning=10)
SAID = "Yes, we"
"""Of a stream that breaks off after two pieces."""


@pytest.fixture(name="double")
async def _double() -> AsyncIterator[Double]:
    async with gemini_double() as double:
        yield double


@pytest.fixture(name="http")
async def _http() -> AsyncIterator[Outgoing]:
    async with Outgoing(guarded=False) as http:
        yield http


SLOW = ("slow", "endless")
"""Faults that are over when our patience is; all others have time, for the machine may be busy."""


def completer(double: Double, http: Outgoing, fault: str = "ok", **more: Any) -> GeminiCompleter:
    abilities = more.pop("abilities", ABILITIES)
    return GeminiCompleter(
        name="gemini",
        key="key-1",
        base_url=double.url(fault),
        http=http,
        counter=COUNTER,
        abilities=lambda model: abilities,
        **{"seconds": 0.5 if fault.startswith(SLOW) else 60, **more},
    )


async def test_an_answer_comes_with_usage_served_model_and_id(double: Double, http: Outgoing) -> None:
    found = await completer(double, http).complete(request(MODEL))
    assert found == Completion(
        text="Yes.",
        finish="stop",
        model="gemini-test-2026",
        usage=COUNTED,
        raw_usage=USAGE,
        request_id="resp-1",
    )
    call = double.calls[0]
    assert call.path == f"/ok/v1beta/models/{MODEL}:generateContent"
    assert call.fields["x-goog-api-key"] == "key-1"
    assert call.body == {
        "systemInstruction": {"parts": [{"text": "be kind"}], "role": "user"},
        "contents": [{"parts": [{"text": CANARY}], "role": "user"}],
        "generationConfig": {"maxOutputTokens": 50},
    }


async def test_the_pieces_of_a_stream_come_before_the_whole(double: Double, http: Outgoing) -> None:
    pieces, last = await gather(completer(double, http), request(MODEL))
    assert pieces == list(PIECES)
    assert last == Completion(
        text="Yes, we are open.",
        finish="stop",
        model="gemini-test-2026",
        usage=COUNTED,
        raw_usage=USAGE,
        request_id="resp-1",
    )


async def test_history_and_parameters_go_along(double: Double, http: Outgoing) -> None:
    turns = (
        Turn(role="system", text="one"),
        Turn(role="user", text="hello"),
        Turn(role="assistant", text="hi"),
        Turn(role="user", text="open?"),
    )
    options: dict[str, float | int | str] = {"top_p": 0.5, "seed": 7}
    asked = CompletionRequest(
        model=MODEL, prompt=turns, questions=(), temperature=0.2, stop=("END",), options=options
    )
    await completer(double, http).complete(asked)
    await completer(double, http, abilities=ABILITIES | {"reasoning"}).complete(asked)
    told = msgspec.structs.replace(asked, abilities=ABILITIES | {"reasoning"})
    await completer(double, http).complete(told)
    plain, thinking, by_request = (body["generationConfig"] for body in double.requests)
    assert by_request == thinking
    roles = [content["role"] for content in double.requests[0]["contents"]]
    assert roles == ["user", "model", "user"]
    common = {"stopSequences": ["END"], "seed": 7}
    assert plain == {**common, "temperature": 0.2, "topP": 0.5}
    assert thinking == common


async def test_a_participant_is_named_in_the_text_and_a_system_text_alone_is_what_is_asked(
    double: Double, http: Outgoing
) -> None:
    system = Turn(role="system", text="Greet the customer.")
    for turns in ((system, Turn(role="user", text="hi", name="ann")), (system,)):
        await completer(double, http).complete(CompletionRequest(model=MODEL, prompt=turns, questions=()))
    named, alone = double.requests
    assert named["contents"] == [{"role": "user", "parts": [{"text": "ann: hi"}]}]
    assert alone["contents"] == [{"role": "user", "parts": [{"text": "Greet the customer."}]}]
    assert "systemInstruction" not in alone


async def test_thoughts_are_paid_for_but_not_said(double: Double, http: Outgoing) -> None:
    found = await completer(double, http, "thoughts").complete(request(MODEL))
    assert (found.text, found.usage) == ("Yes.", COUNTED)


@pytest.mark.parametrize(("fault", "finish"), [("length", "length")])
async def test_how_it_ended_is_said_in_our_words(
    double: Double, http: Outgoing, fault: str, finish: str
) -> None:
    assert (await completer(double, http, fault).complete(request(MODEL))).finish == finish


async def test_a_connection_is_used_again(double: Double, http: Outgoing) -> None:
    asked = completer(double, http)
    for _ in range(3):
        await asked.complete(request(MODEL))
        await gather(asked, request(MODEL))
    assert (len(double.calls), double.connections) == (6, 1)


@pytest.mark.parametrize(
    ("fault", "outcome", "retry_after"),
    [
        ("400", "bad_request", None),
        ("bad-key", "authentication", None),
        ("context", "context_too_long", None),
        ("401", "authentication", None),
        ("403", "authentication", None),
        ("404", "not_found", None),
        ("408", "timeout", None),
        ("429", "rate_limited", None),
        ("429-said", "rate_limited", 7),
        ("429-after", "rate_limited", 9),
        ("500", "unavailable", None),
        ("503", "unavailable", None),
        ("504", "timeout", None),
        ("redirect", "unavailable", None),
        ("endless", "unavailable", None),
        ("slow", "timeout", None),
        ("no-json", "unavailable", None),
    ],
)
@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
async def test_a_fault_before_any_text_is_told_in_our_words(
    double: Double, http: Outgoing, fault: str, outcome: str, retry_after: float | None, streamed: bool
) -> None:
    error = await failure(completer(double, http, fault), streamed)
    assert (error.outcome, error.retry_after, error.partial) == (outcome, retry_after, None)
    assert len(double.calls) == 1


@pytest.mark.parametrize(
    ("fault", "outcome", "counted"),
    [
        *((reason, "refused", True) for reason in BLOCKED),
        ("prompt-blocked", "refused", True),
        ("empty-choices", "incomplete", True),
        ("empty-text", "incomplete", True),
        ("only-thoughts", "bad_request", True),
        ("malformed", "unavailable", False),
        ("other-shape", "unavailable", False),
        ("cut", "unavailable", False),
        ("slow-stream", "timeout", False),
    ],
)
async def test_what_is_no_answer_is_told_with_what_it_cost(
    double: Double, http: Outgoing, fault: str, outcome: str, counted: bool
) -> None:
    error = await failure(completer(double, http, fault), streamed=False)
    assert error.outcome == outcome
    assert (error.partial.usage if error.partial else None) == (COUNTED if counted else None)


@pytest.mark.parametrize(
    ("fault", "outcome", "text", "usage"),
    [
        *((reason, "refused", SAID, COUNTED) for reason in BLOCKED),
        ("prompt-blocked", "refused", "", COUNTED),
        ("empty-choices", "unavailable", "", COUNTED),
        ("empty-text", "incomplete", "", COUNTED),
        ("malformed", "unavailable", SAID, None),
        ("error", "unavailable", SAID, None),
        ("error-without-a-code", "unavailable", SAID, None),
        ("cut", "unavailable", SAID, None),
        ("cut-counted", "unavailable", SAID, COUNTED),
        ("ends-early", "unavailable", SAID, None),
        ("slow-stream", "timeout", SAID, None),
    ],
)
async def test_a_stream_that_breaks_off_tells_what_came_and_what_it_cost(
    double: Double, http: Outgoing, fault: str, outcome: str, text: str, usage: Usage | None
) -> None:
    error = await failure(completer(double, http, fault), streamed=True)
    assert error.outcome == outcome
    assert error.partial is not None
    assert error.partial.text == text
    assert error.partial.usage == (usage or our_count(text))


async def test_a_stream_without_a_word_cost_nothing_as_far_as_we_know(double: Double, http: Outgoing) -> None:
    error = await failure(completer(double, http, "cut-first"), streamed=True)
    assert (error.outcome, error.partial) == ("unavailable", None)


async def test_a_stream_that_begins_with_an_error_is_closed(double: Double, http: Outgoing) -> None:
    error = await failure(completer(double, http, "error-first"), streamed=True)
    assert (error.outcome, error.partial) == ("unavailable", None)
    await asyncio.wait_for(double.calls[0].gone.wait(), PATIENCE)


@pytest.mark.parametrize("fault", sorted(WRONG_USAGES.keys() - {"usage-no-answer"}))
async def test_a_usage_that_can_not_be_is_counted_by_ourselves(
    double: Double, http: Outgoing, fault: str
) -> None:
    asked = completer(double, http, fault)
    assert (await asked.complete(request(MODEL))).usage == our_count("Yes.")
    _, last = await gather(asked, request(MODEL))
    assert last.usage == our_count("Yes, we are open.")


async def test_where_it_counted_the_prompt_alone_the_answer_is_counted_by_ourselves(
    double: Double, http: Outgoing
) -> None:
    found = await completer(double, http, "usage-no-answer").complete(request(MODEL))
    assert found.usage == msgspec.structs.replace(our_count("Yes."), input=120)


@pytest.mark.parametrize(("said", "tier"), [("priority", "priority"), ("flex", "flex"), ("standard", None)])
async def test_the_tier_that_served_it_is_in_a_header(http: Outgoing, said: str, tier: str | None) -> None:
    answer = {"candidates": [{"content": {"parts": [{"text": "Yes."}]}, "finishReason": "STOP"}]}
    body = json.dumps({**answer, "usageMetadata": USAGE}).encode()

    def reply(call: Call) -> Reply:
        found = server_events([body]) if "stream" in call.path else Reply(body=body)
        return replace(found, fields={**found.fields, "X-Gemini-Service-Tier": said})

    wire = Wire(reply)
    async with serving(wire):
        asked = GeminiCompleter(
            name="gemini",
            key="key-1",
            base_url=f"http://127.0.0.1:{wire.port}",
            http=http,
            counter=COUNTER,
            abilities=lambda model: ABILITIES,
        )
        whole, (_, last) = await asked.complete(request(MODEL)), await gather(asked, request(MODEL))
    for found in (whole, last):
        assert found.usage == msgspec.structs.replace(COUNTED, tier=tier)
        assert found.raw_usage == {**USAGE, "service_tier": said}


async def test_whoever_stops_listening_ends_the_call_at_the_provider(double: Double, http: Outgoing) -> None:
    stream = completer(double, http, "long").stream(request(MODEL))
    assert [await anext(stream) for _ in range(3)] == ["0 ", "1 ", "2 "]
    await stream.aclose()
    await asyncio.wait_for(double.calls[0].gone.wait(), PATIENCE)


@pytest.mark.parametrize(("fault", "streamed"), [("long", True), ("slow", True), ("slow", False)])
async def test_whoever_is_cancelled_ends_the_call_at_the_provider(
    double: Double, http: Outgoing, fault: str, streamed: bool
) -> None:
    asked = completer(double, http, fault, seconds=30)
    task = asyncio.ensure_future(
        gather(asked, request(MODEL)) if streamed else asked.complete(request(MODEL))
    )
    await until(lambda: double.calls)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await asyncio.wait_for(double.calls[0].gone.wait(), PATIENCE)


async def failure(asked: GeminiCompleter, streamed: bool) -> ProviderError:
    with pytest.raises(ProviderError) as raised:
        await (gather(asked, request(MODEL)) if streamed else asked.complete(request(MODEL)))
    assert CANARY not in str(raised.value)
    assert "key-1" not in str(raised.value)
    return raised.value
