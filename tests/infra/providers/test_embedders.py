"""Embedding models at the wire: the vendors' SDKs against a double that speaks their valid odd forms."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import numpy as np
import pytest

from application.ports import ProviderError
from domain.base.errors import Refused
from domain.retrieval.embedding_model import LOCAL, VectorSpace
from infra.outgoing.client import Outgoing
from infra.providers.access import ProviderAccess
from infra.providers.catalogue import load_catalogue
from infra.providers.configured import ConfiguredCompleters
from infra.providers.embedding.embedders import OPENAI, ConfiguredEmbedders
from infra.providers.embedding.local import LocalEmbedder
from infra.providers.embedding.openai import OpenAIEmbedder
from infra.providers.gemini.embedder import GeminiEmbedder
from infra.retrieval.embedding import WordLlamaEmbedder
from infra.secret import Secret
from tests.doubles.embeddings import Embeddings, embeddings_double, vector_of
from tests.infra.providers.asking import COUNTER
from tests.infra.providers.tenants import OneTenant

TEXTS = ["The shop opens at nine.", "Tents stand on shelf three.", "Refunds take two weeks."]
SMALL = VectorSpace("openai", "text-embedding-3-small", 1024)


@pytest.fixture(name="double")
async def _double() -> AsyncIterator[Embeddings]:
    async with embeddings_double() as double:
        yield double


@pytest.fixture(name="http")
async def _http() -> AsyncIterator[Outgoing]:
    async with Outgoing(guarded=False) as http:
        yield http


def unit(text: str, dimension: int) -> list[float]:
    vector = np.asarray(vector_of(text, dimension))
    return (vector / np.linalg.norm(vector)).tolist()  # type: ignore[no-any-return]


def openai_of(
    double: Embeddings, http: Outgoing, fault: str, space: VectorSpace = SMALL, *, binary: bool = True
) -> OpenAIEmbedder:
    return OpenAIEmbedder(
        space, key="sk-1", base_url=double.url(fault), http=http, counter=COUNTER, binary=binary
    )


@pytest.mark.parametrize("fault", ["ok", "shuffled", "lists", "no-index"])
@pytest.mark.parametrize("binary", [True, False])
async def test_each_text_has_its_own_unit_vector_in_whatever_form_and_order_it_comes(
    double: Embeddings, http: Outgoing, fault: str, binary: bool
) -> None:
    embedder = openai_of(double, http, fault, binary=binary)
    sent: list[int] = []
    embedded = await embedder.embed(TEXTS * 5, "document", lambda: sent.append(1))
    for text, vector in zip(TEXTS * 5, embedded.vectors, strict=True):
        assert vector == pytest.approx(unit(text, 1024), abs=1e-6)
    assert (embedded.usage.input, embedded.usage.source) == (7 * 15, "provider")
    assert (embedded.served, embedded.request_id, len(sent)) == ("text-embedding-test", "embd-1", 1)
    (call,) = double.calls
    assert (call.path, call.fields["authorization"]) == (f"/{fault}/v1/embeddings", "Bearer sk-1")
    assert call.body["dimensions"] == 1024
    assert call.body["encoding_format"] == ("base64" if binary else "float")


async def test_no_dimension_is_asked_for_where_the_models_own_is_wanted(
    double: Embeddings, http: Outgoing
) -> None:
    embedder = openai_of(double, http, "ok", VectorSpace("compatible", "bge"))
    embedded = await embedder.embed(TEXTS, "question")
    assert {len(vector or ()) for vector in embedded.vectors} == {1536}
    assert "dimensions" not in double.requests[0]


async def test_fewer_vectors_than_texts_are_told_apart_by_their_index(
    double: Embeddings, http: Outgoing
) -> None:
    embedded = await openai_of(double, http, "fewer").embed(TEXTS, "document")
    assert [each is not None for each in embedded.vectors] == [True, False, True]
    assert embedded.vectors[2] == pytest.approx(unit(TEXTS[2], 1024), abs=1e-6)
    for fault in ("all-zero", "never"):
        embedded = await openai_of(double, http, fault).embed(TEXTS, "document")
        assert embedded.vectors == [None] * 3, "whose they are is not sure"


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [
        ("401", "authentication"),
        ("400", "bad_request"),
        ("404", "not_found"),
        ("429", "rate_limited"),
        ("500", "unavailable"),
        ("no-json", "unavailable"),
        ("other-shape", "unavailable"),
        ("no-base64", "unavailable"),
        ("nan", "incomplete"),
        ("long-vectors", "incomplete"),
    ],
)
async def test_what_goes_wrong_has_its_outcome_and_repeats_no_text(
    double: Embeddings, http: Outgoing, fault: str, outcome: str
) -> None:
    with pytest.raises(ProviderError) as failed:
        await openai_of(double, http, fault).embed(TEXTS, "document")
    assert failed.value.outcome == outcome
    assert "shelf" not in str(failed.value)


async def test_a_limit_says_when_to_come_again_and_a_long_text_that_it_is_too_long(
    double: Embeddings, http: Outgoing
) -> None:
    with pytest.raises(ProviderError) as limited:
        await openai_of(double, http, "429-after").embed(TEXTS, "document")
    assert (limited.value.retry_after, limited.value.definite) == (7.0, True)
    with pytest.raises(ProviderError) as long:
        await openai_of(double, http, "short").embed(["long " * 100], "document")
    assert long.value.outcome == "context_too_long"


@pytest.mark.parametrize("fault", ["no-usage", "usage-negative"])
async def test_a_usage_that_can_not_be_true_is_counted_by_us(
    double: Embeddings, http: Outgoing, fault: str
) -> None:
    embedded = await openai_of(double, http, fault).embed(TEXTS, "document")
    assert embedded.usage.input > 10
    assert embedded.usage.source in ("tokenizer", "estimate")


async def test_an_empty_text_is_no_error_of_the_whole_call(double: Embeddings, http: Outgoing) -> None:
    embedded = await openai_of(double, http, "ok").embed(["", " \n"], "document")
    assert len([each for each in embedded.vectors if each]) == 2
    assert all(each.strip() for each in double.requests[0]["input"])


async def test_silence_ends(double: Embeddings, http: Outgoing) -> None:
    embedder = OpenAIEmbedder(
        SMALL, key="k", base_url=double.url("slow"), http=http, counter=COUNTER, seconds=0.2
    )
    with pytest.raises(ProviderError) as failed:
        await embedder.embed(TEXTS, "question")
    assert failed.value.outcome == "timeout"


def gemini_of(double: Embeddings, http: Outgoing, fault: str, name: str) -> GeminiEmbedder:
    return GeminiEmbedder(
        VectorSpace("gemini", name, 768), key="g-1", base_url=double.gemini(fault), http=http, counter=COUNTER
    )


@pytest.mark.parametrize("role", ["document", "question"])
async def test_gemini_gets_one_content_a_text_and_is_told_what_it_is(
    double: Embeddings, http: Outgoing, role: Any
) -> None:
    embedded = await gemini_of(double, http, "ok", "gemini-embedding-001").embed(TEXTS, role)
    for text, vector in zip(TEXTS, embedded.vectors, strict=True):
        assert vector == pytest.approx(unit(text, 768), abs=1e-6)
    assert (embedded.usage.input, embedded.served) == (15, "gemini-embedding-001")
    (call,) = double.calls
    task = {"document": "RETRIEVAL_DOCUMENT", "question": "RETRIEVAL_QUERY"}[role]
    assert [(each["taskType"], each["outputDimensionality"]) for each in call.body["requests"]] == [
        (task, 768)
    ] * 3
    assert call.fields["x-goog-api-key"] == "g-1"
    await gemini_of(double, http, "ok", "gemini-embedding-2").embed(["{0} here"], role)
    (asked,) = double.requests[-1]["requests"]
    (part,) = asked["content"]["parts"]
    worded = {"document": "title: none | text: {0} here", "question": "task: search result | query: {0} here"}
    assert part["text"] == worded[role]
    assert "taskType" not in asked


async def test_one_vector_for_all_texts_together_is_nobodys(double: Embeddings, http: Outgoing) -> None:
    embedded = await gemini_of(double, http, "merged", "gemini-embedding-2").embed(TEXTS, "document")
    assert embedded.vectors == [None] * 3


async def test_geminis_errors_are_ours(double: Embeddings, http: Outgoing) -> None:
    with pytest.raises(ProviderError) as failed:
        await gemini_of(double, http, "429-info", "gemini-embedding-001").embed(TEXTS, "document")
    assert (failed.value.outcome, failed.value.retry_after) == ("rate_limited", 9.0)
    with pytest.raises(ProviderError) as unread:
        await gemini_of(double, http, "no-json", "gemini-embedding-001").embed(TEXTS, "document")
    assert unread.value.outcome == "unavailable"


async def configured(
    store: OneTenant, default: str | None = None, **accesses: ProviderAccess
) -> AsyncIterator[ConfiguredEmbedders]:
    completers = ConfiguredCompleters(
        accesses,
        WordLlamaEmbedder(),
        allow_private_addresses=True,
        store=store,  # type: ignore[arg-type]  # `latest` is all that is asked of it
        catalogue=load_catalogue(),
        counter=COUNTER,
    )
    made = ConfiguredEmbedders(completers, LocalEmbedder(WordLlamaEmbedder()), COUNTER, default)
    try:
        yield made
    finally:
        await made.close()
        await completers.close()


KEY = Secret("sk-0123456789abcdef")


@pytest.mark.parametrize(
    ("default", "access", "expected"),
    [
        (None, None, LOCAL),
        (None, ProviderAccess(api_key=KEY), OPENAI),
        (None, ProviderAccess(api_key=KEY, base_url="http://127.0.0.1:9/v1"), LOCAL),
        (None, ProviderAccess(base_url="http://127.0.0.1:9/v1"), LOCAL),
        ("compatible/bge@512", ProviderAccess(api_key=KEY), "compatible/bge@512"),
    ],
)
async def test_the_default_is_openais_with_a_key_of_openais_and_the_built_in_one_without(
    default: str | None, access: ProviderAccess | None, expected: str
) -> None:
    accesses = {} if access is None else {"openai": access}
    async for embedders in configured(OneTenant(), default, **accesses):
        assert await embedders.default(uuid4()) == expected


async def test_the_tenants_own_key_wins_and_what_is_missing_is_told(double: Embeddings) -> None:
    store = OneTenant()
    access = ProviderAccess(api_key=KEY, base_url=double.url("ok"))
    async for embedders in configured(store, openai=access):
        own, other = store.tenant.id, uuid4()
        store.tenant.set_provider_key(
            "openai", "sk-own-0123456789abcdef", double.url("ok"), store.tenant.modified_on
        )
        for tenant, owner in ((own, own), (other, None)):
            embedder = await embedders.find(tenant, SMALL.id)
            assert embedder.owner == owner
            assert await embedders.find(tenant, SMALL.id) is embedder
            await embedder.embed(TEXTS, "question")
        keys = [call.fields["authorization"] for call in double.calls]
        assert keys == ["Bearer sk-own-0123456789abcdef", "Bearer sk-0123456789abcdef"]
        with pytest.raises(Refused, match="set one by PUT /v1/providers/gemini/key"):
            await embedders.find(own, "gemini/gemini-embedding-001@768")
        with pytest.raises(Refused, match="no embedding models here; there are those of local, openai"):
            await embedders.find(own, "vertex/some")
