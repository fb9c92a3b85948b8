"""A process that stops leaves no request without a word."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import uuid4

import msgspec
import pytest

from interfaces import serve
from interfaces.bootstrap import Services
from interfaces.http.base.observing import GONE, Observed
from interfaces.http.conversations import answer_task
from interfaces.processes import keeping
from tests.interfaces.http.conftest import Customer, settled

SOON = 20.0
"""Seconds, of a machine that may stand still."""


class Seen:
    def __init__(self) -> None:
        self.statuses: list[int] = []

    def requested(self, method: str, route: str, status: int, seconds: float) -> None:
        self.statuses.append(status)


@pytest.mark.parametrize(("stops", "begun"), [(True, False), (True, True), (False, False)])
async def test_what_is_cancelled_at_a_stop_before_its_answer_has_begun_is_503(
    stops: bool, begun: bool
) -> None:
    seen, stopping, sent, there = Seen(), asyncio.Event(), list[Any](), asyncio.Event()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if begun:
            await send({"type": "http.response.start", "status": 200, "headers": []})
        there.set()
        await asyncio.Event().wait()

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "http.disconnect"}

    scope: Any = {
        "type": "http",
        "method": "POST",
        "path": "/v1/messages",
        "headers": [],
        "query_string": b"",
    }
    task = asyncio.create_task(Observed(app, seen, uuid4, stopping)(scope, receive, send))
    await there.wait()
    if stops:
        stopping.set()
    task.cancel()
    await asyncio.wait([task])
    if not stops or begun:
        assert task.cancelled()
        assert seen.statuses == [200 if begun else GONE]
        return
    task.result()
    start, body = sent
    assert seen.statuses == [start["status"]] == [503]
    headers = dict(start["headers"])
    assert headers[b"retry-after"] == b"2"
    assert headers[b"content-type"] == b"application/problem+json"
    assert headers[b"content-length"] == b"%d" % len(body["body"])
    assert msgspec.json.decode(body["body"])["type"] == "/problems/unavailable"


async def test_a_message_whose_answer_is_waited_for_is_202_at_a_stop_and_answered_all_the_same(
    ours: Customer, parts: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, there, go = answer_task.answer, asyncio.Event(), asyncio.Event()

    async def slow(*given: Any) -> Any:
        there.set()
        await go.wait()
        return await real(*given)

    monkeypatch.setattr(answer_task, "answer", slow)
    try:
        async with asyncio.timeout(SOON):
            asked = asyncio.create_task(ours.ask("Do you close early?", address="stopped", wait=60))
            await there.wait()
            parts.stopping.set()
            reply = await asked
    finally:
        parts.stopping.clear()
        go.set()
    assert reply.status_code == 202
    assert (await settled(ours, reply.headers["Location"]))["status"] == "answered"


def test_the_http_role_ends_before_it_is_killed() -> None:
    assert serve.GRACE + serve.LEFT < keeping.GRACE
