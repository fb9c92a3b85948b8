"""What vendors' errors mean: whose fault it was, whether another try helps, and when."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from application.ports import ProviderError
from domain.gateway.health import SILENT
from infra.outgoing.client import Outgoing
from infra.providers.gemini.completer import GeminiCompleter
from infra.providers.openai.completer import OpenAICompleter
from tests.doubles.wire import Reply, Wire, serving
from tests.infra.providers.asking import ABILITIES, COUNTER, gather, request


@pytest.fixture(name="wire")
async def _wire() -> AsyncIterator[Wire]:
    wire = Wire(lambda call: Reply(500, body=b"{}"))
    async with serving(wire):
        yield wire


async def errors(wire: Wire, kind: Any, reply: Reply) -> list[ProviderError]:
    """Of a whole call and of a stream."""
    wire.answer = lambda call: reply
    found = []
    async with Outgoing(guarded=False) as http:
        url = f"http://127.0.0.1:{wire.port}" + ("/v1" if kind is OpenAICompleter else "")
        facts: dict[str, Any] = {"name": "n", "key": "k", "base_url": url, "http": http, "counter": COUNTER}
        asked = kind(**facts, abilities=lambda model: ABILITIES)
        for call in (asked.complete(request()), gather(asked, request())):
            with pytest.raises(ProviderError) as raised:
                await call
            found.append(raised.value)
    return found


def error(message: str = "no", code: Any = None, type: str | None = None, **more: Any) -> dict[str, Any]:
    return {"error": {"message": message, "code": code, "type": type, **more}}


TOO_LARGE = "Request too large for gpt-4o in organization org-1 on tokens per min (TPM): Limit 30000, Requested 45000."
BUSY = "Rate limit reached for gpt-4o on tokens per min (TPM): Limit 30000, Used 28000, Requested 5000."
ERRORS: list[tuple[str, int, Any, str]] = [
    ("openai, too large", 429, error(TOO_LARGE, "rate_limit_exceeded", "tokens"), "context_too_long"),
    ("groq, too large", 413, error("Request too large", "rate_limit_exceeded", "tokens"), "context_too_long"),
    ("openai, busy", 429, error(BUSY, "rate_limit_exceeded", "tokens"), "rate_limited"),
    ("openai, spent", 429, error("quota", "insufficient_quota", "insufficient_quota"), "rate_limited"),
    ("deepseek, spent", 402, error("Insufficient Balance", "invalid_request_error"), "rate_limited"),
    (
        "openrouter, spent",
        402,
        error("You can only afford 12; use fewer max_tokens", 402),
        "context_too_long",
    ),
    (
        "openrouter, moderated",
        403,
        error("Your chosen model requires moderation and your input was flagged", 403, metadata={}),
        "refused",
    ),
    ("openai, flagged", 400, error("flagged by our usage policy", "invalid_prompt"), "refused"),
    ("deepseek, flagged", 400, error("Content Exists Risk", "invalid_request_error"), "refused"),
    ("azure, flagged", 400, error("content management policy", "content_filter"), "refused"),
    ("a firewall", 403, "<html>Sorry, you have been blocked</html>", "refused"),
    ("a key without rights", 403, error("You do not have access to this model", 403), "authentication"),
    ("no key", 401, error("Incorrect API key", "invalid_api_key"), "authentication"),
    ("unprocessable", 422, error("stop: too short"), "bad_request"),
    ("a conflict", 409, error("in use"), "bad_request"),
    ("groq, no room", 498, error("flex capacity"), "unavailable"),
    ("anthropic, no room", 529, error("Overloaded", None, "overloaded_error"), "unavailable"),
]


@pytest.mark.parametrize(("name", "status", "body", "outcome"), ERRORS, ids=[each[0] for each in ERRORS])
async def test_whose_fault_it_was_is_told(
    wire: Wire, name: str, status: int, body: Any, outcome: str
) -> None:
    content = body if isinstance(body, str) else json.dumps(body)
    for found in await errors(wire, OpenAICompleter, Reply(status, body=content.encode())):
        assert (found.outcome, found.detail) == (outcome, f"HTTP {status}")
        assert found.again is (False if name.endswith("spent") and outcome == "rate_limited" else None)
    own = {"context_too_long", "refused", "bad_request"}
    assert (outcome in SILENT) == (outcome in own), "what one request brings about opens no circuit"


@pytest.mark.parametrize(
    ("fields", "seconds"),
    [
        ({"retry-after-ms": "250"}, 0.25),
        ({"retry-after-ms": "1500", "Retry-After": "2"}, 1.5),
        ({"retry-after-ms": "soon", "Retry-After": "2"}, 2),
        ({"Retry-After": "3600"}, 3600),
        ({"Retry-After": "1e9"}, 86_400),
        ({"Retry-After": "-1"}, 0),
        ({"retry-after-ms": "nan", "Retry-After": "nan"}, None),
    ],
)
@pytest.mark.parametrize("kind", [OpenAICompleter, GeminiCompleter])
async def test_when_to_come_again_is_told(
    wire: Wire, kind: Any, fields: dict[str, str], seconds: float | None
) -> None:
    for found in await errors(wire, kind, Reply(429, fields, b'{"error": {"code": 429}}')):
        assert (found.outcome, found.retry_after) == ("rate_limited", seconds)


@pytest.mark.parametrize(("said", "again"), [("true", True), ("False", False), ("", None), ("maybe", None)])
@pytest.mark.parametrize("kind", [OpenAICompleter, GeminiCompleter])
async def test_whether_to_come_again_is_told(wire: Wire, kind: Any, said: str, again: bool | None) -> None:
    for found in await errors(wire, kind, Reply(503, {"x-should-retry": said}, b'{"error": {"code": 503}}')):
        assert (found.outcome, found.again) == ("unavailable", again)


@pytest.mark.parametrize(
    ("status", "body", "outcome"),
    [
        (429, {"error": {"code": 429, "status": "RESOURCE_EXHAUSTED", "message": "quota"}}, "rate_limited"),
        (403, {"error": {"code": 403, "status": "PERMISSION_DENIED", "message": "no"}}, "authentication"),
        (403, "<html>blocked</html>", "refused"),
        (503, [{"error": {"code": 503, "status": "UNAVAILABLE", "message": "no"}}], "unavailable"),
        (400, [{"error": {"code": 400, "message": "too many", "status": "INVALID_ARGUMENT"}}], "bad_request"),
        (404, [{"error": {"code": 404, "message": "x", "status": "NOT_FOUND"}}], "not_found"),
    ],
)
async def test_geminis_errors_are_told_too(wire: Wire, status: int, body: Any, outcome: str) -> None:
    content = body if isinstance(body, str) else json.dumps(body)
    for found in await errors(wire, GeminiCompleter, Reply(status, body=content.encode())):
        assert found.outcome == outcome


@pytest.mark.parametrize("kind", [OpenAICompleter, GeminiCompleter])
async def test_an_empty_stop_string_is_not_sent_and_a_model_may_begin_with_what_it_stops_at(
    wire: Wire, kind: Any
) -> None:
    choice = {"message": {"content": ""}, "finish_reason": "stop"}
    candidate = {"content": {"parts": []}, "finishReason": "STOP"}
    wire.answer = lambda call: Reply(
        body=json.dumps({"choices": [choice], "candidates": [candidate]}).encode()
    )
    async with Outgoing(guarded=False) as http:
        url = f"http://127.0.0.1:{wire.port}"
        facts: dict[str, Any] = {"name": "n", "key": "k", "base_url": url, "http": http, "counter": COUNTER}
        asked = kind(**facts, abilities=lambda model: ABILITIES)
        assert (await asked.complete(request(stop=("", "END")))).text == ""
        with pytest.raises(ProviderError, match="incomplete"):
            await asked.complete(request(stop=("",)))
    one, other = (body.get("generationConfig", body) for body in wire.requests)
    assert (one.get("stop") or one.get("stopSequences")) == ["END"]
    assert not {"stop", "stopSequences"} & set(other)
