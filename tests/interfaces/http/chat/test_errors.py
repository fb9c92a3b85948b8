"""OpenAI's clients say why a call was refused: they read `error`."""

from __future__ import annotations

from typing import Any

import httpx
import openai
import pytest

from application.ports import Unavailable
from interfaces.bootstrap import Services
from interfaces.http.chat.chat import LARGEST_BODY
from tests.doubles.openai import Double
from tests.interfaces.http.chat.conftest import ASK
from tests.interfaces.http.conftest import Customer

MODEL = "openai/gpt-4o-mini"


async def test_a_refusal_is_told_in_both_forms(shop: Customer) -> None:
    body = {"model": MODEL, "messages": ASK, "temperature": 3}
    reply = await shop.http.post("/v1/chat/completions", json=body)
    told = reply.json()
    assert (reply.status_code, told["type"], told["status"]) == (400, "/problems/invalid", 400)
    assert told["error"] == {
        "message": told["detail"],
        "type": "invalid_request_error",
        "param": "temperature",
        "code": None,
    }


async def test_the_client_shows_the_reason_of_whatever_is_refused(
    client: openai.AsyncOpenAI, address: str, shop: Customer, upstream: Double
) -> None:
    async def caught(asking: Any) -> openai.APIStatusError:
        with pytest.raises(openai.APIStatusError) as error:
            await asking
        assert error.value.type
        return error.value

    create = client.chat.completions.create
    unknown = await caught(create(model="no-such-model", messages=ASK))
    assert "there is no model 'no-such-model'" in str(unknown)
    assert unknown.code == "model_not_found"
    assert "there is no model 'nowhere/m'" in str(await caught(client.models.retrieve("nowhere/m")))
    strange = await caught(create(model=MODEL, messages=ASK, extra_body={"colour": "red"}))
    assert "unknown field `colour`" in str(strange)
    elsewhere = await caught(client.moderations.create(model="m", input="x"))
    assert (elsewhere.status_code, elsewhere.code) == (404, None)
    assert "nothing at this address" in str(elsewhere)
    upstream.script = lambda body: "400"
    failed = await caught(create(model=MODEL, messages=ASK))
    assert "HTTP 400" in str(failed)
    assert "ask for another model" in str(failed), "with the way out"
    async with openai.AsyncOpenAI(api_key="rt_wrong", base_url=f"{address}/v1") as stranger:
        key = await caught(stranger.models.list())
    assert (key.status_code, key.code, key.type) == (401, "invalid_api_key", "authentication_error")
    assert "key" in str(key)


async def test_the_client_shows_the_reason_of_every_layer_that_refuses(
    client: openai.AsyncOpenAI, address: str, shop: Customer, parts: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    once = client.with_options(max_retries=0)

    async def caught(asking: Any, status: int, kind: str, *told: str, code: str | None = None) -> None:
        with pytest.raises(openai.APIStatusError) as error:
            await asking
        assert (error.value.status_code, error.value.type, error.value.code) == (status, kind, code)
        assert all(each in str(error.value) for each in told), str(error.value)

    made = await shop.http.post("/v1/keys", json={"name": "weak", "scopes": ["analytics:view"]})
    asking: Any = {"model": MODEL, "messages": ASK}
    async with openai.AsyncOpenAI(api_key=made.json()["secret"], base_url=f"{address}/v1") as weak:
        refused = weak.chat.completions.create(**asking)
        await caught(refused, 403, "permission_error", "conversations:write")
    await caught(once.get("/chat/completions", cast_to=object), 405, "invalid_request_error", "POST")
    large = once.post("/chat/completions", body={"model": "x" * LARGEST_BODY}, cast_to=object)
    await caught(large, 413, "invalid_request_error", f"{LARGEST_BODY} bytes", "16 MiB")
    typed: Any = {"headers": {"Content-Type": "text/plain"}}
    plain = once.post("/chat/completions", content=b"{}", options=typed, cast_to=object)
    await caught(plain, 415, "invalid_request_error", "application/json")
    broken = once.post("/chat/completions", content=b"{", cast_to=object)
    await caught(broken, 400, "invalid_request_error", "no JSON")
    query = once.get("/models", options={"params": {"colour": "red"}}, cast_to=object)
    await caught(query, 400, "invalid_request_error", "colour")
    retired = once.chat.completions.create(model="openai/o1-pro", messages=ASK)
    await caught(retired, 422, "invalid_request_error", "openai/gpt-5.6-sol")
    match = once.chat.completions.create(**asking, extra_headers={"If-Match": '"1"'})
    await caught(match, 400, "invalid_request_error", "If-Match")
    await shop.http.put("/v1/budgets", json={"day": "0.000001", "on_hard": "stop"})
    spent = once.chat.completions.create(**asking)
    await caught(spent, 429, "insufficient_quota", "budget", code="insufficient_quota")

    async def away(*_: object, **__: object) -> None:
        raise Unavailable("the database does not answer; try again")

    monkeypatch.setattr("interfaces.http.models.models.versioned_catalogue", away)
    await caught(once.models.list(), 503, "server_error", "the database does not answer")


async def test_a_fault_of_ours_says_so_without_its_text(
    client: openai.AsyncOpenAI, parts: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*args: Any, **more: Any) -> Any:
        raise ZeroDivisionError("secret")

    monkeypatch.setattr("interfaces.http.chat.chat.chat", broken)
    for stream in (False, True):
        with pytest.raises(openai.InternalServerError) as caught:
            await client.with_options(max_retries=0).chat.completions.create(
                model=MODEL, messages=ASK, stream=stream
            )
        assert caught.value.type == "server_error"
        assert "secret" not in str(caught.value)


@pytest.mark.parametrize("fault", ["cut", "error", "ends-early"])
async def test_a_stream_that_breaks_off_ends_with_the_reason(
    client: openai.AsyncOpenAI, upstream: Double, fault: str
) -> None:
    upstream.script = lambda body: fault
    said: list[str] = []

    async def read() -> None:
        async for chunk in await client.chat.completions.create(model=MODEL, messages=ASK, stream=True):
            said.extend(choice.delta.content or "" for choice in chunk.choices)

    with pytest.raises(openai.APIError) as caught:
        await read()
    assert "".join(said).strip()
    assert caught.value.type == "api_error"
    assert {"message", "type", "param", "code"} == set(caught.value.body)  # type: ignore[arg-type]
    assert str(caught.value) not in ("", "An error occurred during streaming")


async def test_a_stream_that_we_break_off_says_that_it_is_our_fault(
    client: openai.AsyncOpenAI,
    parts: Services,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def broken(_command: Any, _context: Any, _ports: Any, deliver: Any, _call: Any) -> Any:
        await deliver("Yes")
        raise ZeroDivisionError("secret")

    monkeypatch.setattr("interfaces.http.chat.chat.chat", broken)
    with pytest.raises(openai.APIError) as caught:
        async for _ in await client.chat.completions.create(model=MODEL, messages=ASK, stream=True):
            pass
    assert caught.value.type == "server_error"
    assert "secret" not in str(caught.value) + caplog.text
    assert "ZeroDivisionError at" in caplog.text


async def test_other_routes_have_problems_alone(shop: Customer) -> None:
    reply = await shop.http.post("/v1/search", json={})
    assert reply.status_code == 400
    assert "error" not in reply.json()
    async with httpx.AsyncClient(transport=shop.http._transport, base_url="http://retrace") as anyone:
        assert (await anyone.get("/v1/models")).json()["error"]["code"] == "invalid_api_key"
