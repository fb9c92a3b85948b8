"""A message in, the answer out."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import Any
from uuid import uuid4

import httpx
import pytest

from interfaces.bootstrap import Services
from interfaces.http.conversations import answer_task
from tests.interfaces.http.conftest import Customer, settled
from tests.until import until


async def test_an_answer_comes_in_the_same_request(ours: Customer) -> None:
    reply = await ours.ask("When are you open on Saturdays?", address="at once")
    assert reply.status_code == 200
    shown = reply.json()
    assert shown["status"] == "answered"
    assert shown["messages"] == ["When are you open on Saturdays?"]
    assert shown["disclosure"] == "You are talking to an automated assistant."
    assert shown["answer"] == f"{shown['disclosure']}\n\n{shown['text']}"
    assert (shown["provider"], shown["model"]) == ("local", "extractive")
    assert isinstance(shown["cost"], str)
    assert Decimal(shown["cost"]) >= 0
    assert 0 <= shown["confidence"] <= 1
    assert shown["created_at"].endswith("Z")
    assert shown["answered_at"] >= shown["created_at"]
    assert int(reply.headers["Retrace-Position"]) > 0


async def test_the_disclosure_comes_once_a_conversation(ours: Customer) -> None:
    first = await ours.ask("Do you sell tents?", address="disclosed")
    second = await ours.ask("And stoves?", address="disclosed")
    assert first.json()["disclosure"] is not None
    assert second.json()["disclosure"] is None
    assert second.json()["answer"] == second.json()["text"]
    assert first.json()["conversation"] == second.json()["conversation"]


async def test_without_waiting_the_interaction_is_found_at_its_location(ours: Customer) -> None:
    reply = await ours.ask("Do you ship abroad?", address="later", wait=0)
    assert reply.status_code == 202
    assert reply.json()["status"] == "pending"
    assert reply.headers["Location"] == f"/v1/interactions/{reply.json()['id']}"
    found = await ours.http.get(reply.headers["Location"])  # at once, without a position
    assert found.status_code == 200, found.text
    assert found.json()["messages"] == ["Do you ship abroad?"]
    assert (await settled(ours, reply.headers["Location"]))["status"] == "answered"


async def test_what_is_read_later_is_what_was_answered(ours: Customer) -> None:
    reply = await ours.ask("Can I return shoes?", address="same")
    position = {"Retrace-Position": reply.headers["Retrace-Position"]}
    found = await ours.http.get(f"/v1/interactions/{reply.json()['id']}", headers=position)
    assert found.json() == reply.json()


async def test_the_same_message_id_has_one_effect(ours: Customer) -> None:
    id = str(uuid4())
    first = await ours.ask("Is there a warranty?", address="twice", message_id=id)
    second = await ours.ask("Is there a warranty?", address="twice", message_id=id)
    assert second.status_code == 200
    assert second.json() == first.json()
    events = await ours.http.get(f"/v1/conversations/{first.json()['conversation']}/events")
    kinds = [event["kind"] for event in events.json()["items"]]
    assert kinds.count("conversation.message_received") == 1
    assert kinds.count("conversation.answered") == 1


async def test_twins_at_the_same_moment_have_one_effect(ours: Customer) -> None:
    id = str(uuid4())
    replies = await asyncio.gather(
        *(ours.ask("Do you repair bikes?", address="twins", message_id=id) for _ in range(5))
    )
    assert {reply.status_code for reply in replies} <= {200, 202}
    assert len({reply.json()["id"] for reply in replies}) == 1


async def test_messages_of_one_moment_are_all_answered(ours: Customer) -> None:
    replies = await asyncio.gather(*(ours.ask(f"Question {n}?", address="burst") for n in range(4)))
    said = []
    for id in {reply.json()["id"] for reply in replies}:
        shown = await settled(ours, f"/v1/interactions/{id}")
        assert shown["status"] == "answered"
        said += shown["messages"]
    assert sorted(said) == [f"Question {n}?" for n in range(4)]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"text": ""}, "$.text"),
        ({"text": "x" * 8001}, "$.text"),
        ({"text": 5}, "$.text"),
        ({"text": None}, "$.text"),
        ({"wait": 61}, "$.wait"),
        ({"wait": -1}, "$.wait"),
        ({"wait": "30"}, "$.wait"),
        ({"message_id": "a\nb"}, "$.message_id"),
        ({"message_id": "a\u0000b"}, "$.message_id"),
        ({"message_id": "x" * 129}, "$.message_id"),
        ({"customer": {"channel": "HTTP!", "address": "a"}}, "$.customer.channel"),
        ({"customer": {"channel": "http\n", "address": "a"}}, "$.customer.channel"),
        ({"customer": {"channel": "http", "address": ""}}, "$.customer.address"),
        ({"customer": {"channel": "http"}}, "$.customer"),
        ({"customer": "ann"}, "$.customer"),
        ({"texts": "a"}, "$"),
        ({"customer": {"channel": "http", "address": "a", "age": 3}}, "$.customer"),
    ],
)
async def test_a_wrong_field_is_told_by_its_place(
    ours: Customer, change: dict[str, object], told: str
) -> None:
    body = {"customer": {"channel": "http", "address": "a"}, "text": "Hello", **change}
    reply = await ours.http.post("/v1/messages", json=body)
    assert reply.status_code == 400
    assert reply.json()["errors"][0]["field"] == told


async def test_a_message_of_blanks_is_refused_in_words(ours: Customer) -> None:
    reply = await ours.ask(" \n ")
    assert reply.status_code == 400
    assert "visible character" in reply.json()["detail"]


async def test_any_text_and_address_is_taken(ours: Customer) -> None:
    for text in ("\u0000 nul", "😀" * 100, "'; DROP TABLE events; --", "\u202e rtl \ufeff", "[1] [99]"):
        reply = await ours.ask(text, address=text)
        assert reply.status_code == 200, (text, reply.text)
        assert reply.json()["messages"] == [text]


async def test_a_stranger_is_told_before_the_body_is_looked_at(anyone: httpx.AsyncClient) -> None:
    reply = await anyone.post("/v1/messages", content=b"{not json")
    assert reply.status_code == 401


async def test_answers_whose_requests_have_gone_are_no_more_than_requests_may_be(
    ours: Customer, parts: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, go, there = answer_task.answer, asyncio.Event(), 0

    async def slow(*given: Any) -> Any:
        nonlocal there
        there += 1
        await go.wait()
        return await real(*given)

    monkeypatch.setattr(answer_task, "answer", slow)
    others = parts.settings.max_connections // 8 - 2
    parts.answering[ours.tenant] += others
    try:
        replies = [await ours.ask("Do you?", address=f"gone {number}", wait=0.2) for number in range(5)]
        assert {reply.status_code for reply in replies} == {202}
        assert there <= 2
        for reply in replies[2:]:
            assert (await settled(ours, reply.headers["Location"]))["status"] == "answered", "by a worker"
    finally:
        go.set()
    for reply in replies[:2]:
        assert (await settled(ours, reply.headers["Location"]))["status"] == "answered"
    await until(lambda: parts.answering[ours.tenant] <= others)
    del parts.answering[ours.tenant]
