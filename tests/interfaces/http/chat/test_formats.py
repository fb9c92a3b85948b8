"""Structured answers through the completions API: asked for, looked at, made again where they do not fit."""

from __future__ import annotations

from typing import Any

import openai
import pytest
from pydantic import BaseModel

from interfaces.bootstrap import Services
from tests.doubles.openai import Double
from tests.interfaces.http.chat.conftest import ASK, calls
from tests.interfaces.http.conftest import Customer

MODEL = "openai/gpt-4o-mini"
GOOD, ODD = '{"city": "Oslo", "degrees": 3}', "Sure! It is 3 degrees."


class City(BaseModel):
    city: str
    degrees: int


SCHEMA: Any = {"type": "json_schema", "json_schema": {"name": "city", "schema": City.model_json_schema()}}


@pytest.fixture(name="says")
def _says(upstream: Double, shop: Customer) -> list[str]:
    """What the model says, one answer after the other; the last one again and again."""
    texts = [GOOD]
    upstream.script = lambda body: "says"
    upstream.says = lambda body: {"content": texts.pop(0) if len(texts) > 1 else texts[0]}
    return texts


async def test_the_official_client_parses_an_answer(
    client: openai.AsyncOpenAI, shop: Customer, parts: Services, upstream: Double, says: list[str]
) -> None:
    given = await client.chat.completions.parse(model=MODEL, messages=ASK, response_format=City)
    assert given.choices[0].message.parsed == City(city="Oslo", degrees=3)
    assert upstream.requests[-1]["response_format"]["json_schema"]["strict"] is True
    async with client.chat.completions.stream(
        model=MODEL, messages=ASK, response_format=City, seed=1
    ) as stream:
        whole = await stream.get_final_completion()
    assert whole.choices[0].message.parsed == City(city="Oslo", degrees=3)
    (requested, *_), _ = await calls(parts, shop)
    assert (requested.answer_format.type, requested.answer_format.name) == ("json_schema", "City")


@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
async def test_an_answer_that_does_not_fit_is_made_again(
    client: openai.AsyncOpenAI, shop: Customer, parts: Services, says: list[str], streamed: bool
) -> None:
    says[:] = [ODD, '{"city": 7}', GOOD]
    if streamed:
        said = [
            chunk.choices[0].delta.content
            async for chunk in await client.chat.completions.create(
                model=MODEL, messages=ASK, response_format=SCHEMA, stream=True
            )
            if chunk.choices and chunk.choices[0].delta.content
        ]
        assert said == [GOOD]
    else:
        given = await client.chat.completions.create(model=MODEL, messages=ASK, response_format=SCHEMA)
        assert given.choices[0].message.content == GOOD
    ((_, metered, answered),) = await calls(parts, shop)
    assert [(each.outcome, each.error) for each in metered.attempts] == [
        ("incomplete", "the answer is no JSON"),
        ("incomplete", "the answer does not fit its schema at required"),
        ("ok", None),
    ]
    assert metered.cost == sum(each.cost for each in metered.attempts)
    assert all(each.cost for each in metered.attempts)
    assert answered.text == GOOD


async def test_another_model_takes_over_and_where_none_fits_the_error_says_so(
    client: openai.AsyncOpenAI, shop: Customer, upstream: Double, says: list[str]
) -> None:
    body = {"default_model": MODEL, "fallback_models": ["openai/gpt-4o"]}
    assert (await shop.http.put("/v1/agent/configuration", json=body)).status_code == 200
    upstream.says = lambda body: {"content": GOOD if body["model"] == "gpt-4o" else ODD}
    given = await client.chat.completions.create(
        model=MODEL, messages=ASK, response_format={"type": "json_object"}
    )
    assert given.choices[0].message.content == GOOD
    says[:] = [ODD]
    upstream.says = lambda body: {"content": ODD}
    with pytest.raises(openai.APIStatusError, match="the answer is no JSON") as failed:
        await client.with_options(max_retries=0).chat.completions.create(
            model=MODEL, messages=ASK, response_format={"type": "json_object"}
        )
    assert failed.value.status_code == 424


async def test_a_schema_that_no_answer_can_be_held_against_is_refused(client: openai.AsyncOpenAI) -> None:
    odd: Any = {"type": "json_schema", "json_schema": {"name": "x", "schema": {"$ref": "https://x.example"}}}
    with pytest.raises(openai.BadRequestError, match="points elsewhere") as refused:
        await client.chat.completions.create(model=MODEL, messages=ASK, response_format=odd)
    assert refused.value.param == "response_format.json_schema.schema"
