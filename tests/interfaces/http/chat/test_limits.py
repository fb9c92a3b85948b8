"""What one tenant brings about is no other's trouble, and a provider's limit is no end."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from application.ports import Place
from interfaces.bootstrap import Services
from tests.doubles.openai import GOOD, Double, streamed, whole
from tests.doubles.wire import Reply
from tests.interfaces.http.chat.conftest import calls
from tests.interfaces.http.conftest import Customer, customer_of

MODEL = Place(provider="openai", model="gpt-4o-mini")


@pytest.fixture(autouse=True)
async def _afresh(parts: Services, upstream: Double, monkeypatch: pytest.MonkeyPatch) -> Any:
    await parts.health.reset(await parts.health.all())
    monkeypatch.setattr("application.gateway.complete.RETRIES", 0)
    answer = upstream.answer
    yield
    upstream.answer = answer


async def ask(shop: Customer, text: str = "Open?", **headers: str) -> httpx.Response:
    body = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": text}]}
    return await shop.http.post("/v1/chat/completions", json=body, headers=headers)


def error(message: str, code: str | None = None) -> bytes:
    return json.dumps({"error": {"message": message, "type": "t", "code": code}}).encode()


async def test_after_a_limit_of_the_only_model_the_next_call_is_answered(
    shop: Customer, upstream: Double
) -> None:
    replies = [Reply(429, {"Retry-After": "600"}, error("slow down")), Reply(body=json.dumps(GOOD).encode())]
    upstream.answer = lambda call: replies.pop(0)
    limited = await ask(shop, "One?")
    assert limited.status_code == 429, limited.text
    assert limited.headers["Retry-After"] == "600"
    assert limited.headers["X-Should-Retry"] == "true"
    assert limited.json()["code"] == "rate_limit_exceeded"
    assert "try again in 600 s" in limited.json()["detail"]
    assert (await ask(shop, "Two?")).status_code == 200


async def test_a_limit_without_a_time_is_left_to_the_client(shop: Customer, upstream: Double) -> None:
    upstream.answer = lambda call: Reply(429, body=error("slow down"))
    for text in ("One?", "Two?"):
        limited = await ask(shop, text)
        assert limited.status_code == 429
        assert not {"retry-after", "x-should-retry"} & set(limited.headers)


async def test_a_quota_that_is_used_up_is_told_as_one(shop: Customer, upstream: Double) -> None:
    upstream.answer = lambda call: Reply(429, {"Retry-After": "5"}, error("no money", "insufficient_quota"))
    spent = await ask(shop)
    assert (spent.status_code, spent.json()["code"]) == (429, "insufficient_quota")
    assert (spent.headers["X-Should-Retry"], "retry-after" in spent.headers) == ("false", False)


async def test_a_sick_model_is_told_with_the_seconds_until_it_is_tried(
    shop: Customer, parts: Services, upstream: Double
) -> None:
    for _ in range(5):
        await parts.health.record(MODEL, "unavailable", 1.0, 30.0)
    key = {"Idempotency-Key": "sick"}
    failed = await ask(shop, **key)
    assert (failed.status_code, failed.headers["X-Should-Retry"]) == (424, "true")
    assert 1 <= int(failed.headers["Retry-After"]) <= 30
    await parts.health.reset(await parts.health.all())
    healthy = await ask(shop, **key)
    assert healthy.status_code == 200, "what may fare better the next time is not kept"
    assert (await ask(shop, **key)).headers["Idempotency-Replayed"] == "true"


@pytest.mark.parametrize(
    ("status", "message", "code", "told"),
    [
        (403, "your input was flagged by moderation", None, 422),
        (429, "Request too large for gpt-4o-mini", "rate_limit_exceeded", 400),
        (413, "too large", None, 400),
        (400, "stop must not be empty", None, 400),
        (422, "no", None, 400),
        (400, "flagged", "content_filter", 422),
    ],
)
async def test_what_one_tenant_brings_about_opens_the_circuit_for_nobody(
    shop: Customer,
    bare: Any,
    parts: Services,
    upstream: Double,
    status: int,
    message: str,
    code: str,
    told: int,
) -> None:
    upstream.answer = lambda call: Reply(status, body=error(message, code))
    for number in range(6):
        assert (await ask(shop, f"{status} {number}?")).status_code == told
    assert await parts.health.admit(MODEL) is None
    upstream.answer = lambda call: Reply(body=json.dumps(GOOD).encode())
    other = await customer_of(bare, parts, "Other")
    async with other.http:
        assert (await ask(other)).status_code == 200


@pytest.mark.parametrize(
    "choice",
    [
        {"finish_reason": "MALFORMED", "message": {"content": "Ye"}},
        {"finish_reason": "stop", "message": {"content": ""}},
    ],
)
async def test_an_odd_answer_opens_no_circuit_and_is_paid_for(
    shop: Customer, parts: Services, upstream: Double, choice: dict[str, Any]
) -> None:
    upstream.answer = lambda call: Reply(body=json.dumps({**GOOD, "choices": [choice]}).encode())
    for number in range(6):
        failed = await ask(shop, f"{number}?")
        assert (failed.status_code, failed.headers["X-Should-Retry"]) == (424, "false")
    assert await parts.health.admit(MODEL) is None


async def test_a_stream_that_ends_in_an_unknown_way_ends_with_an_error_and_its_cost(
    shop: Customer, parts: Services, upstream: Double
) -> None:
    events = [
        {"choices": [{"delta": {"content": "Yes"}}]},
        {"choices": [{"delta": {}, "finish_reason": "insufficient_system_resource"}]},
        {"choices": [], "usage": GOOD["usage"]},
    ]
    stream = "".join(f"data: {json.dumps(event)}\n\n" for event in events) + "data: [DONE]\n\n"
    upstream.answer = lambda call: Reply(
        fields={"Content-Type": "text/event-stream"}, steps=[stream.encode()]
    )
    body = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "Open?"}], "stream": True}
    reply = await shop.http.post("/v1/chat/completions", json=body)
    assert '"content":"Yes"' in reply.text
    assert '"error":' in reply.text
    assert "[DONE]" not in reply.text
    assert 'finish_reason":"stop' not in reply.text


@pytest.mark.parametrize("stream", [False, True])
async def test_an_answer_without_a_known_end_is_another_models_to_give(
    shop: Customer, parts: Services, upstream: Double, stream: bool
) -> None:
    given = {"default_model": "openai/gpt-4o-mini", "fallback_models": ["openai/gpt-4o"]}
    assert (await shop.http.put("/v1/agent/configuration", json=given)).status_code == 200
    odd = {"finish_reason": "MALFORMED_RESPONSE", "message": {"content": None}, "delta": {}}
    nothing = json.dumps({**GOOD, "choices": [odd]})

    def answer(call: Any) -> Reply:
        if call.body["model"] == "gpt-4o":
            return streamed("ok") if stream else whole("ok")
        if not stream:
            return Reply(body=nothing.encode())
        return Reply(fields={"Content-Type": "text/event-stream"}, steps=[f"data: {nothing}\n\n".encode()])

    upstream.answer = answer
    body = {"model": "auto", "messages": [{"role": "user", "content": "Open?"}], "stream": stream}
    reply = await shop.http.post("/v1/chat/completions", json=body)
    assert reply.status_code == 200
    assert '"finish_reason":"stop"' in reply.text
    ((_, metered, *_),) = await calls(parts, shop)
    assert [attempt.outcome for attempt in metered.attempts] == ["incomplete", "ok"]
    assert metered.attempts[0].cost > 0
