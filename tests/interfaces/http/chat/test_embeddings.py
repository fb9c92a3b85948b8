"""The embeddings API, with the official client, on a running server, before a provider played at the wire."""

from __future__ import annotations

import asyncio
import base64
from decimal import Decimal
from typing import Any
from uuid import UUID

import numpy as np
import openai
import pytest
import tiktoken

from application.privacy.forget import EraseUser, erase_user
from domain.base.context import Context
from domain.chat.embedding_call import EmbeddingCall
from infra.providers import tokens
from interfaces.bootstrap import Services
from tests.doubles.embeddings import vector_of
from tests.doubles.openai import Double
from tests.interfaces.http.conftest import Customer

SMALL = "openai/text-embedding-3-small"


@pytest.fixture(autouse=True)
async def _well(upstream: Double, parts: Services) -> None:
    upstream.embeddings.script = lambda body: "ok"
    await parts.health.reset(await parts.health.all())


async def recorded(parts: Services, shop: Customer) -> list[Any]:
    return [
        each.event
        async for each in parts.store.events(shop.tenant)
        if isinstance(each.event, EmbeddingCall.Event)
    ]


def unit(text: str, dimension: int) -> np.ndarray[Any, Any]:
    vector = np.asarray(vector_of(text, dimension))
    return vector / np.linalg.norm(vector)


@pytest.mark.parametrize("encoding", ["float", "base64", None])
async def test_the_official_client_gets_vectors_in_order_with_the_providers_usage(
    client: openai.AsyncOpenAI, shop: Customer, parts: Services, upstream: Double, encoding: Any
) -> None:
    upstream.embeddings.script = lambda body: "shuffled"
    texts = [f"red shoes {encoding}", "blue shoes", "red shoes"]
    more: Any = {} if encoding is None else {"encoding_format": encoding}
    given = await client.embeddings.create(
        model="text-embedding-3-small", input=texts, dimensions=512, user="ann", **more
    )
    assert [each.index for each in given.data] == [0, 1, 2]
    for text, each in zip(texts, given.data, strict=True):
        vector = each.embedding
        if isinstance(vector, str):
            vector = np.frombuffer(base64.b64decode(vector), "<f4").tolist()
        assert np.allclose(vector, unit(text, 512), atol=1e-6)
    assert (given.model, given.usage.prompt_tokens, given.usage.total_tokens) == (SMALL, 21, 21)
    requested, metered = await recorded(parts, shop)
    assert (requested.texts, requested.dimensions, requested.user) == (tuple(texts), 512, "ann")
    assert metered.cost == 21 * Decimal("0.02") / 1_000_000
    assert given.model_extra is not None
    assert Decimal(given.model_extra["retrace"]["cost"]) == metered.cost


async def test_what_was_embedded_before_costs_nothing_and_says_so(
    client: openai.AsyncOpenAI, shop: Customer, parts: Services, upstream: Double
) -> None:
    async def ask(*texts: str) -> tuple[int, int, Any]:
        before = len(upstream.calls)
        given = await client.embeddings.create(model=SMALL, input=list(texts))
        assert given.model_extra is not None
        return len(upstream.calls) - before, given.usage.prompt_tokens, given.model_extra["retrace"]

    calls, used, _ = await ask("one")
    assert (calls, used) == (1, 7)
    await asyncio.sleep(0.01)  # it is kept a moment later
    calls, used, extra = await ask("one")
    assert (calls, used, extra["cached"], extra["cost"]) == (0, 7, 1, "0")
    calls, used, extra = await ask("one", "two", "two")
    assert (calls, used, extra["cached"]) == (1, 14, 1)
    calls, _, extra = await ask("two", "one")
    assert (calls, extra["cached"], extra["attempts"]) == (0, 2, 0)
    metered = [each for each in await recorded(parts, shop) if isinstance(each, EmbeddingCall.Metered)]
    assert [each.cached for each in metered] == [0, 1, 1, 2]
    assert sum(each.cost for each in metered) == 14 * Decimal("0.02") / 1_000_000


async def test_a_budget_that_is_used_up_refuses_and_what_is_refused_costs_nothing(
    client: openai.AsyncOpenAI, shop: Customer, parts: Services, upstream: Double
) -> None:
    limits = {"day": "0.000002", "on_hard": "stop"}
    assert (await shop.http.put("/v1/budgets", json=limits)).status_code == 200
    await client.embeddings.create(model=SMALL, input="a text")
    with pytest.raises(openai.RateLimitError) as refused:
        await client.with_options(max_retries=0).embeddings.create(model=SMALL, input="b" * 4000)
    assert refused.value.code == "insufficient_quota"
    day = (await shop.http.get("/v1/budgets")).json()["day"]
    assert (Decimal(day["spent"]), Decimal(day["reserved"])) == (7 * Decimal("0.02") / 1_000_000, 0)
    *_, requested, failed = await recorded(parts, shop)
    assert requested.texts == ("b" * 4000,)
    assert "budget" in failed.failure
    assert failed.cost == 0


async def test_another_provider_of_the_same_model_takes_over_and_of_no_other(
    client: openai.AsyncOpenAI,
    shop: Customer,
    parts: Services,
    upstream: Double,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("application.chat.embedding_models.RETRIES", 0)
    upstream.embeddings.script = lambda body: "500"
    with pytest.raises(openai.APIStatusError) as failed:
        await client.with_options(max_retries=0).embeddings.create(model=SMALL, input="down")
    assert (failed.value.status_code, failed.value.response.headers["X-Should-Retry"]) == (424, "false")
    model = {"id": "compatible/text-embedding-3-small", "kind": "embedding", "dimensions": 1536}
    made = await shop.http.put("/v1/models", json={**model, "context_window": 8191, "abilities": []})
    assert made.status_code == 200, made.text
    given = await client.embeddings.create(model=SMALL, input="down")
    assert given.model_extra is not None
    assert given.model_extra["retrace"]["provider"] == "compatible"
    *_, metered = await recorded(parts, shop)
    assert [(each.provider, each.outcome) for each in metered.attempts] == [
        ("openai", "unavailable"),
        ("compatible", "ok"),
    ]


async def test_a_server_that_takes_few_texts_at_once_gets_few(
    client: openai.AsyncOpenAI, shop: Customer, upstream: Double
) -> None:
    upstream.embeddings.script = lambda body: "few"
    texts = [f"text {n}" for n in range(70)]
    given = await client.embeddings.create(model=SMALL, input=texts)
    assert np.allclose(given.data[69].embedding, unit("text 69", 1536), atol=1e-6)


@pytest.mark.parametrize(
    ("body", "status", "param", "says"),
    [
        ({"input": ""}, 400, "input", "leave it out"),
        ({"input": ["a", ""]}, 400, "input[1]", "leave it out"),
        ({"input": []}, 400, "input", "length"),
        ({"input": [1, "a"]}, 400, "input[0]", "lists of their own"),
        ({"input": [[1], ["a"]]}, 400, None, "Expected"),
        ({"input": ["a"] * 2049}, 400, "input", "2048"),
        ({"input": "a", "dimensions": 4000}, 400, "dimensions", "1536"),
        ({"input": "a", "dimensions": 8, "model": "local/wordllama-256"}, 400, "dimensions", "256"),
        ({"input": "a", "model": "nobody-has-it"}, 404, None, "GET /v1/models"),
        ({"input": "a", "model": "openai/gpt-4o-mini"}, 422, None, "not at those for embedding"),
        ({"input": "a", "model": "gemini/gemini-embedding-001"}, 422, None, "/v1/providers/gemini/key"),
        ({"input": "a", "encoding_format": "int8"}, 400, "encoding_format", "int8"),
        ({"input": "a", "inputs": 1}, 400, None, "inputs"),
        ({"input": [10**8]}, 400, "input", "token"),
        (
            {"input": [[1, 2]], "model": "local/wordllama-256"},
            400,
            "input",
            "check_embedding_ctx_length=False",
        ),
    ],
)
async def test_what_can_not_be_embedded_is_refused_with_the_way_out(
    client: openai.AsyncOpenAI,
    shop: Customer,
    body: Any,
    status: int,
    param: str | None,
    says: str,
    vocabulary: None,
) -> None:
    reply = await shop.http.post("/v1/embeddings", json={"model": SMALL, **body})
    assert reply.status_code == status, reply.text
    error = reply.json()["error"]
    assert says in error["message"], error
    if param is not None:
        assert error["param"] == param


@pytest.fixture
def vocabulary(monkeypatch: pytest.MonkeyPatch) -> None:
    """A tiny one in the place of OpenAI's, here and with the client: its files are fetched from the network."""
    tiny = tiktoken.Encoding(
        "cl100k_base",
        pat_str=r"\S+|\s+",
        mergeable_ranks={bytes([byte]): byte for byte in range(256)},
        special_tokens={},
    )
    tokens._tokenizer.cache_clear()
    monkeypatch.setattr(tokens, "_vocabulary", lambda name: tiny)
    monkeypatch.setattr(tiktoken, "encoding_for_model", lambda name: tiny)
    monkeypatch.setattr(tiktoken, "get_encoding", lambda name: tiny)
    yield  # type: ignore[misc]
    tokens._tokenizer.cache_clear()


async def test_tokens_are_read_as_the_texts_that_they_are(
    client: openai.AsyncOpenAI, shop: Customer, parts: Services, vocabulary: None
) -> None:
    one = await client.embeddings.create(model=SMALL, input=list(b"red shoes"))
    two = await client.embeddings.create(model=SMALL, input=[list(b"red shoes"), list("grün".encode())])
    assert one.data[0].embedding == two.data[0].embedding
    assert np.allclose(two.data[1].embedding, unit("grün", 1536), atol=1e-6)
    assert [each.texts for each in await recorded(parts, shop) if hasattr(each, "user")] == [
        ("red shoes",),
        ("red shoes", "grün"),
    ]


async def test_langchain_embeds_as_it_comes(address: str, shop: Customer, vocabulary: None) -> None:
    from langchain_openai import OpenAIEmbeddings
    from pydantic import SecretStr

    ours = OpenAIEmbeddings(
        model="text-embedding-3-small", base_url=f"{address}/v1", api_key=SecretStr(shop.key), dimensions=256
    )
    texts = ["red shoes", "blue shoes " * 900]
    documents = await ours.aembed_documents(texts)
    assert np.allclose(documents[0], unit(texts[0], 256), atol=1e-6)
    assert len(documents[1]) == 256
    assert np.allclose(await ours.aembed_query("red shoes"), documents[0], atol=1e-6)


async def test_a_forgotten_users_texts_go(
    client: openai.AsyncOpenAI, shop: Customer, parts: Services
) -> None:
    await client.embeddings.create(model=SMALL, input="of zelda", user="zelda")
    reply = await shop.http.post("/v1/customers/forget", json={"channel": "api", "address": "zelda"})
    assert reply.status_code in (200, 202), reply.text
    (user,) = reply.json()["users"]
    context = Context(tenant=shop.tenant, actor="worker", correlation=parts.ids())
    await erase_user(
        EraseUser(user=UUID(user)),
        context,
        store=parts.store,
        eraser=parts.eraser,
        cache=parts.cache,
        clock=parts.clock,
    )
    assert [type(each) for each in await recorded(parts, shop)] == [
        EmbeddingCall.Metered,
        EmbeddingCall.Forgotten,
    ]
