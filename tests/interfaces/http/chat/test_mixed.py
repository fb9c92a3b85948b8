"""Seeded calls with whatever can come together: tools, a schema, images, several choices, log probabilities; whole and streamed; models that fail, break off or give another form; clients that leave.

Each is on record, paid by what the vendor counted, within a budget that holds to the last, and replayed without a difference. A share runs always, RETRACE_MIXED calls (1,000) as a
long tier.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import openai
import pytest

from application.replay.answers import ReplayAnswers, replay_answers
from domain.audit.invariants import Invariants
from domain.base.context import Context
from domain.chat.call import Call
from domain.models.pricing import total
from interfaces.bootstrap import Services
from tests.doubles.openai import Double
from tests.doubles.openai_saying import call
from tests.doubles.pictures import data_url, png
from tests.interfaces.http.chat.conftest import calls
from tests.interfaces.http.conftest import Customer
from tests.until import PATIENCE

FIRST, SECOND = "gpt-4o-mini", "gpt-4o"
SCHEMA: Any = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
TOOL: Any = {"type": "function", "function": {"name": "weather", "parameters": SCHEMA}}
FAULTS = ("ok", "ok", "ok", "ok", "odd", "500", "429", "cut", "malformed", "filter", "odd", "slow-pieces")
LONG = int(os.environ.get("RETRACE_MIXED", "1000"))


@dataclass(frozen=True)
class Planned:
    """One call: what it asks for, how each model takes it, and after how many chunks its client leaves (None: it stays)."""

    number: int
    tools: bool
    schema: bool
    strict: bool
    image: bool
    streamed: bool
    result: bool
    faults: dict[str, str]
    leaves: int | None
    choices: int
    logprobs: bool

    @classmethod
    def of(cls, seed: int, number: int) -> Planned:
        chance = random.Random(f"{seed} {number}")
        streamed = chance.random() < 0.5
        return cls(
            number=number,
            tools=chance.random() < 0.5,
            schema=chance.random() < 0.4,
            strict=chance.random() < 0.5,
            image=chance.random() < 0.3,
            streamed=streamed,
            result=chance.random() < 0.4,
            faults={model: chance.choice(FAULTS) for model in (FIRST, SECOND)},
            leaves=chance.randrange(1, 4) if streamed and chance.random() < 0.25 else None,
            choices=chance.choice((1, 1, 1, 2, 3)),
            logprobs=chance.random() < 0.25,
        )

    def body(self) -> dict[str, Any]:
        content: list[Any] = [{"type": "text", "text": f"call {self.number} of many"}]
        if self.image:
            url = data_url(png(1 + self.number % 50, 7))
            content.append({"type": "image_url", "image_url": {"url": url}})
        messages: list[Any] = [{"role": "user", "content": content}]
        if self.tools and self.result:
            turn = {"role": "assistant", "content": None, "tool_calls": [call("weather", '{"city":"Rome"}')]}
            messages += [turn, {"role": "tool", "tool_call_id": "call_1", "content": "rain"}]
        body: dict[str, Any] = {"model": f"openai/{FIRST}", "messages": messages, "max_tokens": 100}
        if self.choices > 1:
            body["n"] = self.choices
        if self.logprobs:
            body |= {"logprobs": True, "top_logprobs": 2}
        if self.tools:
            body["tools"] = [TOOL]
        if self.schema:
            form = {"name": "city", "schema": SCHEMA, "strict": self.strict}
            body["response_format"] = {"type": "json_schema", "json_schema": form}
        return body

    def said(self, body: dict[str, Any]) -> dict[str, Any]:
        fault = self.faults[body["model"]]
        if self.tools and not self.result:
            message: dict[str, Any] = {"tool_calls": [call("weather", '{"city": "Oslo, in the north"}')]}
        elif self.schema:
            message = {
                "content": "no JSON" if fault == "odd" else json.dumps({"city": f"Oslo {self.number}"})
            }
        else:
            message = {"content": f"It is cold in Oslo, call {self.number}."}
        if fault == "slow-pieces" and body.get("stream"):
            texts = (message.get("content") or "").split(" ")
            if not message.get("tool_calls"):
                message["chunks"] = [step for text in texts for step in ({"content": f"{text} "}, 0.01)]
        return message


async def ask(client: openai.AsyncOpenAI, planned: Planned) -> None:
    """Whatever comes of it."""
    try:
        if not planned.streamed:
            await client.chat.completions.create(**planned.body())
            return
        stream = await client.chat.completions.create(**planned.body(), stream=True)
        seen = 0
        async for _ in stream:
            seen += 1
            if seen == planned.leaves:
                await stream.close()
                return
    except openai.APIError:
        return


async def run(
    client: openai.AsyncOpenAI, shop: Customer, parts: Services, upstream: Double, seed: int, count: int
) -> None:
    plans = [Planned.of(seed, number) for number in range(count)]

    def planned(body: dict[str, Any]) -> Planned:
        content = body["messages"][0]["content"]
        text = content if isinstance(content, str) else content[0]["text"]
        return plans[int(text.split(" ")[1])]

    def script(body: dict[str, Any]) -> str:
        fault = planned(body).faults[body["model"]]
        return "says" if fault in ("ok", "odd", "slow-pieces") else fault

    upstream.script, upstream.says = script, lambda body: planned(body).said(body)
    agent = {"default_model": f"openai/{FIRST}", "fallback_models": [f"openai/{SECOND}"]}
    assert (await shop.http.put("/v1/agent/configuration", json=agent)).status_code == 200
    limits = {"day": "100", "on_hard": "stop"}
    assert (await shop.http.put("/v1/budgets", json=limits)).status_code == 200
    patient = client.with_options(max_retries=0, timeout=60)
    for start in range(0, count, 8):
        await parts.health.reset(await parts.health.all())  # what is planned of a model comes to pass
        await asyncio.gather(*(ask(patient, each) for each in plans[start : start + 8]))
    async with asyncio.timeout(PATIENCE):
        while parts.background or len(made := await calls(parts, shop)) < count:
            await asyncio.sleep(0.02)
    check(made, count)
    day = (await shop.http.get("/v1/budgets")).json()["day"]
    paid = total(
        [
            attempt
            for events in made
            for each in events
            if isinstance(each, Call.Metered)
            for attempt in each.attempts
        ]
    )
    assert Decimal(day["spent"]) == paid
    invariants = Invariants()
    invariants.fold([recorded async for recorded in parts.store.events(shop.tenant)])
    assert invariants.violations == []
    head = await parts.reads.head(shop.tenant)
    context = Context(tenant=shop.tenant, actor="test", correlation=shop.tenant)
    replayed = await replay_answers(
        ReplayAnswers(source="as-recorded", completions="recorded", limit=count), context, parts, head=head
    )
    assert (replayed.differing, replayed.left_out) == (0, {})
    assert replayed.answers == sum(isinstance(events[-1], Call.Answered) for events in made)


def check(made: list[list[Any]], count: int) -> None:
    """Each call is there once, and paid by what the vendor has counted, or by our own count where it never said."""
    assert len(made) == count
    attempts = [
        attempt
        for events in made
        for each in events
        if isinstance(each, Call.Metered)
        for attempt in each.attempts
    ]
    assert {"ok", "unavailable", "incomplete"} <= {attempt.outcome for attempt in attempts}
    assert {FIRST, SECOND} == {attempt.model for attempt in attempts if attempt.outcome == "ok"}
    for events in made:
        requested, *_, metered, ended = events
        assert isinstance(requested, Call.Requested)
        assert isinstance(metered, Call.Metered)
        assert metered.cost == total(metered.attempts)
        for attempt in metered.attempts:
            if attempt.outcome == "ok" and not attempt.cached:
                assert attempt.usage.source == "provider"
                assert attempt.cost > 0
        if isinstance(ended, Call.Answered):
            assert metered.attempts[-1].outcome == "ok"
            assert 1 + len(ended.others) == requested.choices
            for each in (ended, *ended.others):
                assert each.finish == ("tool_calls" if each.calls else "stop")
                assert bool(each.logprobs) == (requested.logprobs is not None and not each.calls)
                if requested.answer_format is not None and not each.calls:
                    assert json.loads(each.text)["city"]


async def test_whatever_comes_together_is_on_record_paid_and_replayed(
    client: openai.AsyncOpenAI, shop: Customer, parts: Services, upstream: Double
) -> None:
    await run(client, shop, parts, upstream, seed=34, count=20)


@pytest.mark.soak
async def test_whatever_comes_together_a_thousand_times(
    client: openai.AsyncOpenAI, shop: Customer, parts: Services, upstream: Double
) -> None:
    await run(client, shop, parts, upstream, seed=random.SystemRandom().randrange(10**6), count=LONG)
