"""The odd forms in which vendors answer, all of them valid: each by the vendor's SDK, byte by byte at the wire."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from application.ports import Completer, ProviderError
from domain.models.completion import Completion
from infra.outgoing.client import Outgoing
from infra.providers import streaming
from infra.providers.gemini.completer import GeminiCompleter
from infra.providers.openai.completer import OpenAICompleter
from tests.doubles.wire import Reply, Step, Wire, serving
from tests.infra.providers.asking import ABILITIES, COUNTER, gather, our_count, request

TEXT = "Yes, we are open."
STREAM = {"Content-Type": "text/event-stream"}
USAGE = {"prompt_tokens": 120, "completion_tokens": 30}
COUNTS = {"promptTokenCount": 120, "candidatesTokenCount": 30}


@pytest.fixture(name="wire")
async def _wire() -> AsyncIterator[Wire]:
    wire = Wire(lambda call: Reply(500, body=b"{}"))
    async with serving(wire):
        yield wire


@pytest.fixture(name="http")
async def _http() -> AsyncIterator[Outgoing]:
    async with Outgoing(guarded=False) as http:
        yield http


def openai(wire: Wire, http: Outgoing, seconds: float = 10, **more: Any) -> OpenAICompleter:
    url = f"http://127.0.0.1:{wire.port}/v1"
    facts: dict[str, Any] = {"name": "openai", "key": "k", "base_url": url, "http": http, "counter": COUNTER}
    return OpenAICompleter(**facts, abilities=lambda model: ABILITIES, seconds=seconds, **more)


def gemini(wire: Wire, http: Outgoing, seconds: float = 10) -> GeminiCompleter:
    url = f"http://127.0.0.1:{wire.port}"
    facts: dict[str, Any] = {"name": "gemini", "key": "k", "base_url": url, "http": http, "counter": COUNTER}
    return GeminiCompleter(**facts, abilities=lambda model: ABILITIES, seconds=seconds)


MAKERS = {"openai": openai, "gemini": gemini}


def said(vendor: str, text: str | None, finish: Any = None, **more: Any) -> dict[str, Any]:
    """A piece of a stream."""
    if vendor == "openai":
        choice = {"index": 0, "delta": {"content": text}, "finish_reason": finish}
        return {"id": "c", "model": "m", "choices": [choice], **more}
    candidate: dict[str, Any] = {"index": 0, "content": {"role": "model", "parts": [{"text": text or ""}]}}
    if finish is not None:
        candidate["finishReason"] = finish
    return {"modelVersion": "m", "responseId": "c", "candidates": [candidate], **more}


def counted(vendor: str) -> dict[str, Any]:
    return {"choices": [], "usage": USAGE} if vendor == "openai" else {"usageMetadata": COUNTS}


def stop(vendor: str) -> str:
    return "stop" if vendor == "openai" else "STOP"


def pieces(vendor: str) -> list[str]:
    """A whole stream's data, without the end that only OpenAI's have."""
    events = [
        said(vendor, "Yes,"),
        said(vendor, " we are"),
        said(vendor, " open.", stop(vendor)),
        counted(vendor),
    ]
    return [json.dumps(event, ensure_ascii=False) for event in events]


def lines(data: str, width: int = 20) -> str:
    """As several data lines: a reader joins them by line feeds, which JSON takes between its tokens."""
    parts = data.replace(", ", ",\n").split("\n")
    return "".join(f"data: {part}\n" for part in parts)


def form(name: str, vendor: str) -> bytes:
    events, end = pieces(vendor), ["[DONE]"] if vendor == "openai" else []
    match name:
        case "cr":
            text = "".join(f"data: {each}\r\r" for each in events + end)
        case "crlf":
            text = "".join(f"data: {each}\r\n\r\n" for each in events + end)
        case "no space":
            text = "".join(f"data:{each}\n\n" for each in events + end)
        case "bom":
            text = "\ufeff" + "".join(f"data: {each}\n\n" for each in events + end)
        case "comments":
            text = ": OPENROUTER PROCESSING\n\n" + "".join(
                f":\ndata: {each}\n\n: go\n\n" for each in events + end
            )
        case "other fields":
            text = "retry: 10\n\n" + "".join(
                f"id: {n}\nevent: message\ndata: {each}\n\n" for n, each in enumerate(events + end)
            )
        case "pings":
            text = "".join(f"event: ping\ndata: now\n\ndata: {each}\n\ndata:\n\n" for each in events + end)
        case "several lines":
            text = "".join(f"{lines(each)}\n" for each in events + end)
        case "no end":
            text = "".join(f"data: {each}\n\n" for each in events)
        case "no last blank line":
            text = "\n\n".join(f"data: {each}" for each in events)
        case "cut in the usage":
            text = "".join(f"data: {each}\n\n" for each in events[:-1]) + f"data: {events[-1][:20]}"
        case "line separators":
            text = "".join(f"data: {each}\n\n" for each in events + end).replace("Yes,", "Yes,\u2028")
        case _:
            raise AssertionError(name)
    return text.encode()


FORMS = ["cr", "crlf", "no space", "bom", "comments", "other fields", "pings", "several lines"]
FORMS += ["no end", "no last blank line", "cut in the usage", "line separators"]


@pytest.mark.parametrize("size", [7, 10_000])
@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize("vendor", MAKERS)
async def test_every_valid_form_of_a_stream_is_read(
    wire: Wire, http: Outgoing, vendor: str, name: str, size: int
) -> None:
    stream = form(name, vendor)
    parts = [stream[at : at + size] for at in range(0, len(stream), size)]
    wire.answer = lambda call: Reply(fields=STREAM, steps=parts)
    found, last = await gather(MAKERS[vendor](wire, http), request())
    assert "".join(found).replace("\u2028", "") == TEXT
    assert (last.finish, last.model) == ("stop", "m")
    if name == "cut in the usage":
        assert last.usage == our_count(TEXT)
    else:
        assert (last.usage.input, last.usage.output) == (120, 30)
    assert len(wire.calls) == 1


@pytest.mark.parametrize("vendor", MAKERS)
async def test_keep_alives_count_as_life_but_not_for_ever(
    wire: Wire, http: Outgoing, vendor: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow: list[Step] = [step for _ in range(8) for step in (b": wait\n\n", 0.25)]
    rest = form("no end", vendor)
    wire.answer = lambda call: Reply(fields=STREAM, steps=[*slow, rest])
    found, _ = await gather(MAKERS[vendor](wire, http, seconds=1.9), request())
    assert "".join(found) == TEXT
    monkeypatch.setattr(streaming, "LONGEST_STREAM", 0.6)
    with pytest.raises(ProviderError) as raised:
        await gather(MAKERS[vendor](wire, http, seconds=10), request())
    assert raised.value.outcome == "timeout"


@pytest.mark.parametrize("vendor", MAKERS)
async def test_a_model_that_thinks_first_shows_that_it_lives(wire: Wire, http: Outgoing, vendor: str) -> None:
    wire.answer = lambda call: Reply(fields=STREAM, steps=[b": wait\n\n", 0.5, form("no end", vendor)])
    stream = MAKERS[vendor](wire, http).stream(request())
    assert await anext(stream) == ""
    assert await anext(stream) == "Yes,"
    await stream.aclose()


BAD = {
    "openai": [
        "insufficient_system_resource",
        "error",
        "network_error",
        "abort",
        "unheard-of",
        "who said: my secret prompt",
        7,
        {"reason": "odd"},
    ],
    "gemini": [
        "OTHER",
        "MALFORMED_RESPONSE",
        "MALFORMED_FUNCTION_CALL",
        "UNEXPECTED_TOOL_CALL",
        "TOO_MANY_TOOL_CALLS",
        "LANGUAGE",
        "NO_IMAGE",
        "IMAGE_OTHER",
        "MISSING_THOUGHT_SIGNATURE",
        "PUP_LIMITED_DISABLED",
        "UNHEARD_OF",
    ],
}
SERVERS = {"insufficient_system_resource", "error", "network_error", "abort"}
"""Those that say something of the model, or of its server."""


def expected(word: Any) -> str:
    if word == "PUP_LIMITED_DISABLED":
        return "authentication"
    return "unavailable" if isinstance(word, str) and word in SERVERS else "incomplete"


def whole(vendor: str, finish: Any, text: str | None = TEXT, **more: Any) -> bytes:
    answer = said(vendor, text, finish, **counted(vendor))
    if vendor == "openai":
        choice = {
            "index": 0,
            "message": {"role": "assistant", "content": text},
            "finish_reason": finish,
            **more,
        }
        answer = {"id": "c", "model": "m", "choices": [choice], "usage": USAGE}
    return json.dumps(answer).encode()


@pytest.mark.parametrize(("vendor", "word"), [(vendor, word) for vendor in BAD for word in BAD[vendor]])
async def test_an_end_that_is_no_answers_is_never_a_success_and_its_cost_is_told(
    wire: Wire, http: Outgoing, vendor: str, word: Any
) -> None:
    wire.answer = lambda call: Reply(body=whole(vendor, word))
    with pytest.raises(ProviderError) as raised:
        await MAKERS[vendor](wire, http).complete(request())
    events = [said(vendor, "Yes"), said(vendor, None, word), counted(vendor)]
    wire.answer = lambda call: stream_of(*events)
    with pytest.raises(ProviderError) as streamed:
        await gather(MAKERS[vendor](wire, http), request())
    for error in (raised.value, streamed.value):
        assert error.outcome == expected(word)
        assert error.partial is not None
        assert (error.partial.usage.input, error.partial.usage.source) == (120, "provider")
        assert "secret" not in error.detail
    assert streamed.value.partial is not None
    assert streamed.value.partial.text == "Yes"


GOOD = {
    "openai": {
        "stop": "stop",
        "eos": "stop",
        "end_turn": "stop",
        "stop_sequence": "stop",
        "STOP": "stop",
        "tool_calls": "other",
        "function_call": "other",
        "length": "length",
        "max_tokens": "length",
        "model_length": "length",
    },
    "gemini": {"STOP": "stop", "MAX_TOKENS": "length", "CONTINUATION": "length"},
}


@pytest.mark.parametrize(("vendor", "word"), [(vendor, word) for vendor in GOOD for word in GOOD[vendor]])
async def test_what_vendors_call_an_answers_end_is_known(
    wire: Wire, http: Outgoing, vendor: str, word: str
) -> None:
    wire.answer = lambda call: Reply(body=whole(vendor, word))
    assert (await MAKERS[vendor](wire, http).complete(request())).finish == GOOD[vendor][word]
    wire.answer = lambda call: stream_of(said(vendor, TEXT), said(vendor, None, word), counted(vendor))
    assert (await gather(MAKERS[vendor](wire, http), request()))[1].finish == GOOD[vendor][word]


@pytest.mark.parametrize("word", [None, "", "null"])
async def test_a_whole_answer_without_a_finish_is_an_answer_a_stream_needs_an_end(
    wire: Wire, http: Outgoing, word: str | None
) -> None:
    wire.answer = lambda call: Reply(body=whole("openai", word))
    found = await openai(wire, http).complete(request())
    assert (found.text, found.finish) == (TEXT, "other")
    wire.answer = lambda call: stream_of(said("openai", TEXT, word), "[DONE]")
    assert (await gather(openai(wire, http), request()))[1].text == TEXT
    wire.answer = lambda call: stream_of(said("openai", TEXT, word))
    with pytest.raises(ProviderError, match="cut"):
        await gather(openai(wire, http), request())


@pytest.mark.parametrize(
    ("event", "outcome"),
    [
        ('data: {"error": {"message": "secret", "code": 503}}', "unavailable"),
        ('data: {"error": {"message": "secret", "code": "429"}}', "rate_limited"),
        ('data: {"error": "secret"}', "unavailable"),
        ('data: {"choices": [], "x_groq": {"error": "secret"}}', "unavailable"),
        ('event: error\ndata: {"error": {"message": "secret", "code": 429}}', "rate_limited"),
        ('event: error\ndata: {"message": "secret", "type": "server_error"}', "unavailable"),
        ("event: error\ndata: secret", "unavailable"),
        ('data: {"object": "error", "message": "secret", "code": 404}', "not_found"),
        ('data: {"choices": [{"delta": {"content": ""}, "error": {"code": 502}}]}', "unavailable"),
        (
            'data: {"error": {"code": 502}, "choices": [{"delta": {}, "finish_reason": "error"}],'
            ' "usage": {"prompt_tokens": 120, "completion_tokens": 3}}',
            "unavailable",
        ),
    ],
)
async def test_an_error_as_an_event_ends_the_stream_as_one(
    wire: Wire, http: Outgoing, event: str, outcome: str
) -> None:
    first = f"data: {json.dumps(said('openai', 'Yes'))}\n\n".encode()
    wire.answer = lambda call: Reply(fields=STREAM, steps=[first, f"{event}\n\ndata: [DONE]\n\n".encode()])
    with pytest.raises(ProviderError) as raised:
        await gather(openai(wire, http), request())
    assert (raised.value.outcome, "secret" in raised.value.detail) == (outcome, False)
    assert raised.value.partial is not None
    assert raised.value.partial.usage.input == (120 if "usage" in event else our_count("").input)


async def test_an_error_in_a_whole_answer_is_no_answer(wire: Wire, http: Outgoing) -> None:
    for body, outcome in (
        ({"error": {"message": "secret", "code": 429}}, "rate_limited"),
        ({"object": "error", "message": "secret", "code": 500}, "unavailable"),
        (
            {"choices": [{"message": {"content": "so f"}, "error": {"code": 502}}], "usage": USAGE},
            "unavailable",
        ),
    ):
        wire.answer = lambda call, body=body: Reply(body=json.dumps(body).encode())
        with pytest.raises(ProviderError) as raised:
            await openai(wire, http).complete(request())
        assert raised.value.outcome == outcome
    assert raised.value.partial is not None
    assert raised.value.partial.usage.input == 120
    body = {"error": {"code": 503, "status": "UNAVAILABLE", "message": "secret"}}
    wire.answer = lambda call: Reply(body=json.dumps(body).encode())
    with pytest.raises(ProviderError) as raised:
        await gemini(wire, http).complete(request())
    assert raised.value.outcome == "unavailable"


@pytest.mark.parametrize(
    ("message", "text"),
    [
        ({"content": [{"type": "text", "text": "Yes, "}, {"type": "text", "text": "we are open."}]}, TEXT),
        (
            {
                "content": [
                    {"type": "thinking", "thinking": [{"type": "text", "text": "Hm."}]},
                    {"type": "reference", "reference_ids": [1]},
                    {"type": "text", "text": TEXT},
                ]
            },
            TEXT,
        ),
        ({"content": {"type": "text", "text": TEXT}}, TEXT),
        ({"content": TEXT, "reasoning_content": "Hm.", "reasoning": "Hm.", "thinking": "Hm."}, TEXT),
        (
            {"content": TEXT, "refusal": None, "tool_calls": [], "function_call": None, "annotations": []},
            TEXT,
        ),
        ({"content": TEXT, "tool_calls": [{"id": "x", "function": {"name": "f", "arguments": "{}"}}]}, TEXT),
        ({"content": None, "tool_calls": [{"id": "x", "function": {"name": "f", "arguments": "{}"}}]}, None),
        ({"content": None, "reasoning_content": "Hm."}, None),
        ({"content": [{"type": "refusal", "refusal": "no"}]}, None),
        ({"content": "", "refusal": "no"}, None),
    ],
)
async def test_what_is_said_is_told_from_what_is_thought_called_or_refused(
    wire: Wire, http: Outgoing, message: dict[str, Any], text: str | None
) -> None:
    choice = {"message": {"role": "assistant", **message}, "finish_reason": "stop"}
    body = json.dumps({"id": 7, "model": None, "choices": [choice], "usage": USAGE}).encode()
    delta = {"id": 7, "choices": [{"delta": message, "finish_reason": None, "index": "0"}]}
    end = {"choices": [{"delta": {}, "finish_reason": "stop", "message": {"content": TEXT}}]}
    for answer in (
        Reply(body=body),
        stream_of({"choices": None}, delta, end, {"choices": [], "usage": USAGE}, "[DONE]"),
    ):
        wire.answer = lambda call, answer=answer: answer
        asked = openai(wire, http)
        if text is None:
            with pytest.raises(ProviderError) as raised:
                await either(asked, answer)
            assert raised.value.outcome == ("refused" if message.get("refusal") else "incomplete")
            assert raised.value.partial is not None
        else:
            assert (await either(asked, answer)).text == text


async def test_a_server_that_can_not_stream_may_answer_whole(wire: Wire, http: Outgoing) -> None:
    wire.answer = lambda call: Reply(body=whole("openai", "stop"))
    found, last = await gather(openai(wire, http), request())
    assert (found, last.text, last.usage.input) == ([TEXT], TEXT, 120)


async def test_thoughts_and_calls_of_gemini_are_not_said(wire: Wire, http: Outgoing) -> None:
    parts = [
        {"text": "Hm.", "thought": True, "thoughtSignature": "AAAA"},
        {"functionCall": {"name": "f", "args": {}}},
        {"text": TEXT},
        {"executableCode": {"language": "PYTHON", "code": "1"}},
    ]
    candidate = {"content": {"role": "model", "parts": parts}, "finishReason": "STOP"}
    answer = {"candidates": [candidate], "usageMetadata": COUNTS, "unheardOf": {"new": 1}}
    wire.answer = lambda call: Reply(body=json.dumps(answer).encode())
    assert (await gemini(wire, http).complete(request())).text == TEXT
    wire.answer = lambda call: stream_of(answer)
    found, last = await gather(gemini(wire, http), request())
    assert (found, last.raw_usage) == ([TEXT], COUNTS)


@pytest.mark.parametrize("streamed", [False, True])
@pytest.mark.parametrize("finish", ["CONTINUATION", None])
async def test_one_call_of_geminis_sdk_is_one_request(
    wire: Wire, http: Outgoing, streamed: bool, finish: str | None
) -> None:
    answer = said("gemini", "Yes", finish, **counted("gemini"))
    answer["candidates"][0]["continuationToken"] = "AAAA"
    reply = stream_of(answer) if streamed else Reply(body=json.dumps(answer).encode())
    wire.answer = lambda call: reply
    asked = gemini(wire, http)
    if streamed and finish is None:
        with pytest.raises(ProviderError, match="cut"):
            await gather(asked, request())
    else:
        found = await either(asked, reply)
        assert (found.text, found.finish) == ("Yes", "length" if finish else "other")
    assert len(wire.calls) == 1
    assert wire.calls[0].body["generationConfig"] == {"maxOutputTokens": 50}


@pytest.mark.parametrize("vendor", MAKERS)
@pytest.mark.parametrize("status", [408, 409, 429, 500, 502, 503, 504])
@pytest.mark.parametrize("fields", [{}, {"x-should-retry": "true", "retry-after-ms": "1"}])
async def test_no_sdk_repeats_a_request_by_itself_or_sets_the_server_a_time(
    wire: Wire, http: Outgoing, vendor: str, status: int, fields: dict[str, str]
) -> None:
    for streamed in (False, True):
        wire.calls.clear()
        wire.answer = lambda call: Reply(status, fields, b'{"error": {"message": "no"}}')
        asked = MAKERS[vendor](wire, http)
        with pytest.raises(ProviderError):
            await (gather(asked, request()) if streamed else asked.complete(request()))
        (call,) = wire.calls
        assert [name for name in call.fields if "timeout" in name] == []


def stream_of(*events: Any) -> Reply:
    text = "".join(f"data: {each if isinstance(each, str) else json.dumps(each)}\n\n" for each in events)
    return Reply(fields=STREAM, steps=[text.encode()])


async def either(asked: Completer, answer: Reply) -> Completion:
    return await asked.complete(request()) if answer.body else (await gather(asked, request()))[1]
