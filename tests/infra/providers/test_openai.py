"""The vendor's SDK against a double at the wire: answers in one piece."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest

from application.ports import ProviderError
from domain.models.completion import Completion, CompletionRequest, Turn, Usage
from infra.outgoing.client import Outgoing
from infra.providers.openai.completer import OpenAICompleter
from tests.doubles.openai import PIECES, USAGE, WRONG_USAGES, Double, openai_double
from tests.infra.providers.asking import ABILITIES, CANARY, COUNTER, PROMPT, gather, our_count, request
from tests.until import PATIENCE, until

COUNTED = Usage(input=120, cached=20, output=30, reasoning=10)
SAID = " Yes, we"
"""Of a stream that breaks off after two pieces."""

STATUSES: list[tuple[str, str, float | None]] = [
    ("400", "bad_request", None),
    ("context", "context_too_long", None),
    ("context-said", "context_too_long", None),
    ("413", "context_too_long", None),
    ("filter-400", "refused", None),
    ("401", "authentication", None),
    ("403", "authentication", None),
    ("404", "not_found", None),
    ("no-model", "not_found", None),
    ("408", "timeout", None),
    ("429", "rate_limited", None),
    ("429-after", "rate_limited", 7),
    ("429-date", "rate_limited", 20),
    ("429-long", "rate_limited", 600),
    ("429-nonsense", "rate_limited", None),
    ("500", "unavailable", None),
    ("503", "unavailable", None),
    ("redirect", "unavailable", None),
    ("endless", "unavailable", None),
    ("slow", "timeout", None),
]
"""Faults that come before any text, streamed or not."""


@pytest.fixture(name="double")
async def _double() -> AsyncIterator[Double]:
    async with openai_double() as double:
        yield double


@pytest.fixture(name="http")
async def _http() -> AsyncIterator[Outgoing]:
    async with Outgoing(guarded=False) as http:
        yield http


SLOW = ("slow", "endless")
"""Faults that are over when our patience is; all others have time, for the machine may be busy."""


def completer(double: Double, http: Outgoing, fault: str = "ok", **more: Any) -> OpenAICompleter:
    abilities = more.pop("abilities", ABILITIES)
    return OpenAICompleter(
        name="openai",
        key="key-1",
        base_url=double.url(fault),
        http=http,
        counter=COUNTER,
        abilities=lambda model: abilities,
        **{"seconds": 0.3 if fault.startswith(SLOW) else 60, **more},
    )


async def test_an_answer_comes_with_usage_served_model_and_id(double: Double, http: Outgoing) -> None:
    found = await completer(double, http).complete(request())
    assert found == Completion(
        text="Yes.",
        finish="stop",
        model="gpt-test-2026",
        usage=COUNTED,
        raw_usage=USAGE,
        request_id="chatcmpl-1",
    )
    call = double.calls[0]
    assert call.fields["authorization"] == "Bearer key-1"
    assert call.body["messages"] == [{"role": turn.role, "content": turn.text} for turn in PROMPT]
    assert set(call.body) == {"model", "messages", "max_tokens"}


async def test_the_pieces_of_a_stream_come_before_the_whole(double: Double, http: Outgoing) -> None:
    pieces, last = await gather(completer(double, http), request())
    assert pieces == list(PIECES)
    assert last == Completion(
        text="Yes, we are open.",
        finish="stop",
        model="gpt-test-2026",
        usage=COUNTED,
        raw_usage=USAGE,
        request_id="chatcmpl-1",
    )
    assert double.requests[0]["stream_options"] == {"include_usage": True}


@pytest.mark.parametrize("form", ["lines-of-windows", "in-bits", "comments", "no-done", "cut-after-done"])
async def test_servers_may_write_their_events_as_they_like(double: Double, http: Outgoing, form: str) -> None:
    pieces, last = await gather(completer(double, http, form), request())
    assert (pieces, last.usage) == (list(PIECES), COUNTED)


async def test_a_connection_is_used_again_after_an_answer_and_after_a_stream(
    double: Double, http: Outgoing
) -> None:
    asked = completer(double, http)
    for _ in range(3):
        await asked.complete(request())
        await gather(asked, request())
    assert (len(double.calls), double.connections) == (6, 1)


async def test_each_request_has_its_own_body(double: Double, http: Outgoing) -> None:
    asked = completer(double, http)
    for number in range(3):
        await asked.complete(request(f"model-{number}" * (number + 1)))
    assert [body["model"] for body in double.requests] == [f"model-{n}" * (n + 1) for n in range(3)]


async def test_models_that_think_first_get_other_parameters(double: Double, http: Outgoing) -> None:
    options: dict[str, float | int | str] = {"top_p": 0.5, "seed": 7, "top_k": 3}
    more: dict[str, Any] = {"temperature": 0.2, "stop": ("END",), "options": options}
    await completer(double, http).complete(request(**more))
    await completer(double, http, abilities=ABILITIES | {"reasoning"}).complete(request(**more))
    plain, thinking = double.requests
    assert {name: plain[name] for name in plain if name not in ("model", "messages")} == {
        "max_tokens": 50,
        "temperature": 0.2,
        "top_p": 0.5,
        "seed": 7,
        "stop": ["END"],
    }
    assert {name: thinking[name] for name in thinking if name not in ("model", "messages")} == {
        "max_completion_tokens": 50,
        "seed": 7,
        "stop": ["END"],
    }


async def test_what_a_request_says_of_its_model_counts_more_than_what_is_known_of_the_name(
    double: Double, http: Outgoing
) -> None:
    asked = completer(double, http, abilities=ABILITIES)
    await asked.complete(request(abilities=frozenset({"reasoning"})))
    assert "max_completion_tokens" in double.requests[0]
    assert [message["role"] for message in double.requests[0]["messages"]] == ["user", "user"]


async def test_what_a_model_can_not_do_is_done_otherwise(double: Double, http: Outgoing) -> None:
    pieces, last = await gather(completer(double, http, abilities=frozenset()), request())
    assert (pieces, last.text) == (["Yes."], "Yes.")
    assert "stream" not in double.requests[0]
    assert [message["role"] for message in double.requests[0]["messages"]] == ["user", "user"]


@pytest.mark.parametrize(("fault", "outcome", "retry_after"), STATUSES)
@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
async def test_a_fault_before_any_text_is_told_in_our_words(
    double: Double, http: Outgoing, fault: str, outcome: str, retry_after: float | None, streamed: bool
) -> None:
    error = await failure(completer(double, http, fault), streamed)
    assert error.outcome == outcome
    assert error.retry_after == (pytest.approx(retry_after, abs=2) if retry_after else None)
    assert error.partial is None
    assert len(double.calls) == 1  # whether to try again is not for the SDK to say


@pytest.mark.parametrize(
    ("fault", "outcome", "counted"),
    [
        ("malformed", "unavailable", False),
        ("no-json", "unavailable", False),
        ("other-shape", "unavailable", False),
        ("half-character", "unavailable", False),
        ("empty-choices", "incomplete", True),
        ("empty-text", "incomplete", True),
        ("only-thoughts", "bad_request", True),
        ("filter", "refused", True),
        ("refusal", "refused", True),
        ("error", "not_found", False),
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
        ("malformed", "unavailable", SAID, None),
        ("error", "unavailable", SAID, None),
        ("cut", "unavailable", SAID, None),
        ("ends-early", "unavailable", SAID, None),
        ("slow-stream", "timeout", SAID, None),
        ("cut-counted", "unavailable", SAID, COUNTED),
        ("filter", "refused", SAID, COUNTED),
        ("refusal", "refused", "", COUNTED),
        ("empty-choices", "incomplete", "", COUNTED),
        ("empty-text", "incomplete", "", COUNTED),
    ],
)
async def test_a_stream_that_breaks_off_tells_what_came_and_what_it_cost(
    double: Double, http: Outgoing, fault: str, outcome: str, text: str, usage: Usage | None
) -> None:
    error = await failure(completer(double, http, fault), streamed=True)
    assert error.outcome == outcome
    assert error.partial is not None
    assert error.partial.text == text.strip()
    assert error.partial.usage == (usage or our_count(text.strip()))
    assert error.partial.model == ("gpt-test-2026")


@pytest.mark.parametrize("fault", ["cut-first", "no-json"])
async def test_a_stream_without_a_word_cost_nothing_as_far_as_we_know(
    double: Double, http: Outgoing, fault: str
) -> None:
    error = await failure(completer(double, http, fault), streamed=True)
    assert (error.outcome, error.partial) == ("unavailable", None)


@pytest.mark.parametrize("fault", WRONG_USAGES)
async def test_a_usage_that_can_not_be_is_counted_by_ourselves(
    double: Double, http: Outgoing, fault: str
) -> None:
    asked = completer(double, http, fault)
    found = await asked.complete(request())
    assert found.usage == our_count("Yes.")
    _, last = await gather(asked, request())
    assert last.usage == our_count("Yes, we are open.")
    for each in (found, last):
        assert msgspec.msgpack.decode(msgspec.msgpack.encode(each), type=Completion) == each, "it can be kept"


async def test_an_answer_that_is_nested_without_end_can_not_be_read(double: Double, http: Outgoing) -> None:
    for fault in ("deep", "deep-error"):
        assert (await failure(completer(double, http, fault), streamed=False)).outcome == "unavailable"


async def test_parts_of_a_usage_that_can_not_be_parts_are_charged_on_top_and_told_apart(
    double: Double, http: Outgoing
) -> None:
    expected = Usage(input=620, cached=500, output=30, source="unknown")
    asked = completer(double, http, "usage-twisted")
    assert (await asked.complete(request())).usage == expected
    assert (await gather(asked, request()))[1].usage == expected


async def test_a_short_answer_says_that_it_is_cut(double: Double, http: Outgoing) -> None:
    asked = completer(double, http, "length")
    assert (await asked.complete(request())).finish == "length"
    assert (await gather(asked, request()))[1].finish == "length"


async def test_zipped_bodies_and_nul_characters_are_taken_out_of_their_wrapping(
    double: Double, http: Outgoing
) -> None:
    assert (await completer(double, http, "zipped").complete(request())).text == "Yes."
    found = await completer(double, http, "nul").complete(request())
    assert (found.text, found.model, found.request_id) == ("Yes.", "gpt-odd", None)


async def test_whoever_stops_listening_ends_the_call_at_the_provider(double: Double, http: Outgoing) -> None:
    stream = completer(double, http, "long").stream(request())
    assert [await anext(stream) for _ in range(3)] == ["0 ", "1 ", "2 "]
    await stream.aclose()
    call = double.calls[0]
    await asyncio.wait_for(call.gone.wait(), PATIENCE)
    assert not call.over


@pytest.mark.parametrize(("fault", "streamed"), [("long", True), ("slow", True), ("slow", False)])
async def test_whoever_is_cancelled_ends_the_call_at_the_provider(
    double: Double, http: Outgoing, fault: str, streamed: bool
) -> None:
    asked = completer(double, http, fault, seconds=30)
    task = asyncio.ensure_future(gather(asked, request()) if streamed else asked.complete(request()))
    await until(lambda: double.calls)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await asyncio.wait_for(double.calls[0].gone.wait(), PATIENCE)


async def test_a_server_that_is_not_there_is_unavailable(double: Double, http: Outgoing) -> None:
    asked = completer(double, http)
    asked_nowhere = OpenAICompleter(
        name="openai",
        key=None,
        base_url="http://127.0.0.1:1/v1",
        http=http,
        counter=COUNTER,
        abilities=lambda model: ABILITIES,
    )
    for streamed in (False, True):
        assert (await failure(asked_nowhere, streamed)).outcome == "unavailable"
    assert (await asked.complete(request())).text == "Yes."


async def test_a_prompt_may_hold_any_text(double: Double, http: Outgoing) -> None:
    text = "Grüße, 你好, \x00 \U0001f600 </document>"
    asked = CompletionRequest(model="m", prompt=(Turn(role="user", text=text),), questions=(text,))
    await completer(double, http).complete(asked)
    assert double.requests[0]["messages"][0]["content"] == text


async def failure(asked: OpenAICompleter, streamed: bool) -> ProviderError:
    with pytest.raises(ProviderError) as raised:
        await (gather(asked, request()) if streamed else asked.complete(request()))
    assert CANARY not in str(raised.value)
    assert "key-1" not in str(raised.value)
    return raised.value
