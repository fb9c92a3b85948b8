"""Errors are RFC 9457 problem details, whatever went wrong."""

from __future__ import annotations

import asyncio
import logging
import re
from typing import Any
from unittest.mock import patch
from uuid import UUID, uuid4

import httpx
import pytest

from application.ports import Unavailable
from infra.crypto.keyring import Tampered
from interfaces.bootstrap import Services
from interfaces.http.base.problem_kinds import TITLES
from tests.interfaces.http.conftest import Customer


def is_problem(reply: httpx.Response, status: int, kind: str) -> dict[str, Any]:
    assert reply.status_code == status, reply.text
    assert reply.headers["Content-Type"] == "application/problem+json"
    body: dict[str, Any] = reply.json()
    assert body["type"] == f"/problems/{kind}"
    assert body["status"] == status
    assert body["title"]
    assert body["detail"]
    return body


@pytest.mark.parametrize("path", ["/", "/v1", "/v1/nothing", "/schema/nothing", "/v1/interactions/not-an-id"])
async def test_an_unknown_address_is_404(anyone: httpx.AsyncClient, path: str) -> None:
    reply = await anyone.get(path)
    is_problem(reply, 404, "not-found")
    UUID(reply.headers["X-Request-ID"])


async def test_a_wrong_method_is_405_and_names_the_right_ones(anyone: httpx.AsyncClient) -> None:
    reply = await anyone.delete("/v1/messages")
    is_problem(reply, 405, "method-not-allowed")
    assert "POST" in reply.headers["Allow"]


async def test_a_body_that_is_no_json_is_400(ours: Customer) -> None:
    for body in (b"{", b"\xff\xfe", b"[" * 100_000, b"nul", b'{"a": NaN}'):
        reply = await ours.http.post("/v1/search", content=body, headers={"Content-Type": "application/json"})
        is_problem(reply, 400, "invalid")


async def test_a_wrong_content_type_is_415(ours: Customer) -> None:
    for kind in ("text/plain", "application/x-www-form-urlencoded", "application/xml", ""):
        reply = await ours.http.post("/v1/search", content=b'{"query": "a"}', headers={"Content-Type": kind})
        is_problem(reply, 415, "unsupported-media-type")
    reply = await ours.http.post("/v1/documents", json={"file": "a"})
    is_problem(reply, 415, "unsupported-media-type")


async def test_a_body_that_is_too_large_is_413(ours: Customer) -> None:
    for headers in ({}, {"Idempotency-Key": "k"}):
        reply = await ours.http.post("/v1/search", json={"query": "x" * 300_000}, headers=headers)
        assert "at most 262144 bytes" in is_problem(reply, 413, "too-large")["detail"]


async def test_an_unknown_query_parameter_is_told(ours: Customer) -> None:
    problem = is_problem(await ours.http.get("/v1/conversations?stauts=open"), 400, "invalid")
    assert "stauts" in problem["detail"]
    assert "status" in problem["detail"]
    is_problem(await ours.http.get("/v1/conversations?limit=1&limit=2"), 400, "invalid")


async def test_a_parameter_of_the_wrong_type_is_told_by_its_name(ours: Customer) -> None:
    problem = is_problem(await ours.http.get("/v1/conversations?limit=many"), 400, "invalid")
    assert problem["errors"][0]["field"] == "limit"
    is_problem(await ours.http.get("/v1/conversations?limit=0"), 400, "invalid")
    is_problem(await ours.http.get("/v1/conversations?status=lost"), 400, "invalid")
    is_problem(await ours.http.get("/v1/providers/usage?since=yesterday"), 400, "invalid")


async def test_a_number_is_no_time_wherever_one_is_asked_for(ours: Customer) -> None:
    paths = (await ours.http.get("/schema/openapi.json")).json()["paths"]
    times = [
        (re.sub(r"\{\w+\}", str(ours.tenant), path.replace("{kind}", "tenant")), given["name"])
        for path, item in paths.items()
        for given in item.get("get", {}).get("parameters", ())
        if "date" in str(given["schema"])
    ]
    assert {"since", "until", "at"} <= {name for _, name in times}
    for path, name in times:
        for text in ("20261128", "2026", "-5", "1790000000.5"):
            problem = is_problem(await ours.http.get(path, params={name: text}), 400, "invalid")
            assert problem["errors"][0]["field"] == name, (path, problem)


async def test_a_slash_at_the_end_is_optional(ours: Customer) -> None:
    for path in ("/v1/conversations/", "/v1/keys/", "/healthz/", "/schema/", "/v1/providers/usage/"):
        assert (await ours.http.get(path)).status_code == 200, path


async def test_a_server_that_is_away_is_503_with_a_time_to_come_again(
    ours: Customer, parts: Services
) -> None:
    async def away(*_: object, **__: object) -> None:
        raise Unavailable("the database does not answer; try again")

    with patch.object(type(parts.store), "load", away):
        reply = await ours.http.get(f"/v1/conversations/{uuid4()}")
    is_problem(reply, 503, "unavailable")
    assert int(reply.headers["Retry-After"]) > 0


@pytest.mark.parametrize(("error", "kind"), [(RuntimeError, "fault"), (Tampered, "tampered")])
async def test_a_fault_of_ours_shows_nothing_of_itself(
    ours: Customer, parts: Services, caplog: pytest.LogCaptureFixture, error: type[Exception], kind: str
) -> None:
    async def broken(*_: object, **__: object) -> None:
        raise error("a canary: ann@example.com")

    caplog.set_level(logging.DEBUG)
    with patch.object(type(parts.store), "load", broken):
        reply = await ours.http.get(f"/v1/conversations/{uuid4()}")
    is_problem(reply, 500, kind)
    assert "canary" not in reply.text
    assert "Traceback" not in reply.text
    assert "canary" not in caplog.text
    assert "test_problems.py" in caplog.text  # but where it arose


async def test_every_type_is_explained_at_its_address(anyone: httpx.AsyncClient) -> None:
    for kind in TITLES:
        reply = await anyone.get(f"/problems/{kind}")
        assert reply.status_code == 200
        assert kind in reply.text
    is_problem(await anyone.get("/problems/no-such"), 404, "not-found")


async def test_a_failed_answer_does_not_lose_the_message(
    ours: Customer, parts: Services, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(*_: object, **__: object) -> None:
        raise Unavailable("a canary")

    with patch.object(type(parts.vectors), "search", broken):
        reply = await ours.ask("Is anybody there?", address="no index")
        await asyncio.sleep(0)
    assert reply.status_code == 202
    assert "an answer failed and is tried again: Unavailable" in caplog.text
    assert "canary" not in caplog.text


async def test_a_request_id_is_taken_over_or_made(ours: Customer) -> None:
    id = str(uuid4())
    reply = await ours.http.get("/v1/keys", headers={"X-Request-ID": id})
    assert reply.headers["X-Request-ID"] == id
    reply = await ours.http.get("/v1/keys", headers={"X-Request-ID": "<script>"})
    UUID(reply.headers["X-Request-ID"])


async def test_the_request_id_is_the_events_correlation(ours: Customer) -> None:
    body = {"customer": {"channel": "http", "address": "correlated"}, "text": "Hello?"}
    id = str(uuid4())
    reply = await ours.http.post("/v1/messages", json=body, headers={"X-Request-ID": id})
    events = (await ours.http.get(f"/v1/conversations/{reply.json()['conversation']}/events")).json()
    assert {event["correlation"] for event in events["items"]} == {id}
    assert events["items"][0]["actor"].startswith("key:")


async def test_another_form_of_text_is_told_in_words(ours: Customer) -> None:
    """In a body and in an address: no regular expression."""
    body = {"customer": {"channel": "Web chat", "address": "ann"}, "text": "Hi"}
    told = [
        is_problem(await ours.http.post("/v1/messages", json=body), 400, "invalid"),
        is_problem(await ours.http.get("/v1/conversations", params={"channel": "Web chat"}), 400, "invalid"),
    ]
    for problem in told:
        assert "a channel as small letters" in problem["detail"]
        assert "regex" not in str(problem)
    assert told[0]["errors"][0]["field"] == "$.customer.channel"
