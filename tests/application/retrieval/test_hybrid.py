"""What is typed is found as it was typed, and what is meant as it is meant."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import uuid4

import msgspec
import pytest

from application.ports import Chunk
from application.retrieval.query import Query, QuestionVector, fusion_of
from application.retrieval.search import Search, search
from domain.agents.agent import AgentConfiguration
from domain.models.completion import Passage
from domain.retrieval.embedding_model import LOCAL
from tests.application.conftest import Shop
from tests.application.retrieval.indexed_texts import index_texts

KINDS = ("a lamp", "a chair", "a shelf", "a carpet", "a desk")


async def found(shop: Shop, query: str, limit: int = 1) -> list[Passage]:
    parts = shop.parts
    answer = await search(
        Search(query=query, limit=limit), shop.context, embedder=parts.embedder, vectors=parts.vectors
    )
    return answer.passages


async def retrieved(
    shop: Shop, question: str, configuration: AgentConfiguration, vector: QuestionVector
) -> Sequence[Passage]:
    """As for an answer."""
    query = Query(
        tenant=shop.context.tenant,
        text=question,
        vector=vector,
        limit=configuration.document_results,
        fusion=fusion_of(configuration),
        synonyms=configuration.synonyms,
    )
    return (await shop.parts.retriever.retrieve(query)).passages


async def test_order_numbers_prices_and_addresses_find_their_passage_in_100_of_100(shop: Shop) -> None:
    """Among passages that are the same but for them."""
    numbers = [f"{chr(65 + n % 26)}-{1000 + 7 * n}-{n:02}" for n in range(34)]
    prices = [f"{10 + n},{(37 * n) % 90 + 10}" for n in range(33)]
    addresses = [f"https://www.shop.example/{KINDS[n % 5][2:]}/{n}?id={n * 31}" for n in range(33)]
    texts = [
        *(
            f"Your order {each} has {KINDS[n % 5]} and leaves our warehouse soon."
            for n, each in enumerate(numbers)
        ),
        *(
            f"{KINDS[n % 5].capitalize()} of series {n} costs {each} € with tax."
            for n, each in enumerate(prices)
        ),
        *(f"All about {KINDS[n % 5]} stands at {each}." for n, each in enumerate(addresses)),
    ]
    await index_texts(shop, texts)
    typed = [*numbers, *(each.replace(",", ".") for each in prices), *addresses]
    asked = [f"What about {each}?" if n % 2 else each for n, each in enumerate(typed)]
    missed = [
        (query, best[0].text)
        for query, text in zip(asked, texts, strict=True)
        if (best := await found(shop, query))[0].text != text
    ]
    assert len(asked) == 100
    assert missed == []


async def test_scores_are_0_to_1_and_a_question_without_its_words_is_found_by_meaning(shop: Shop) -> None:
    await index_texts(
        shop,
        [
            "Customers get their money back within two weeks.",
            "The warehouse lies by the river.",
            "Our chairs are made of oak.",
        ],
    )
    passages = await found(shop, "refund payment", 3)
    assert passages[0].text.startswith("Customers get their money back")
    assert len(passages) == 3
    assert all(0 <= each.score <= 1 for each in passages)
    exact = (await found(shop, "warehouse river"))[0]
    assert exact.text.startswith("The warehouse")
    assert exact.score > 0.5


@pytest.mark.parametrize(
    ("configuration", "first"),
    [
        (AgentConfiguration(), "near"),
        (AgentConfiguration(semantic_weight=0.1), "worded"),
        (AgentConfiguration(keyword_weight=1.0), "worded"),
        (AgentConfiguration(fusion="reciprocal_rank"), "worded"),
        (AgentConfiguration(keyword_weight=0.0), "near"),
    ],
)
async def test_the_configuration_says_how_what_was_found_is_ranked(
    shop: Shop, configuration: AgentConfiguration, first: str
) -> None:
    parts, document = shop.parts, uuid4()
    await parts.keyring.make(shop.context.tenant, document)
    facts: dict[str, Any] = {"page": 1, "section": None, "tokens": 3}
    chunks = [
        Chunk(id="near", ordinal=0, text="Something else.", embedding=[1.0, 0.0], **facts),
        Chunk(id="worded", ordinal=1, text="The warranty lasts.", embedding=[0.5, 0.75**0.5], **facts),
        Chunk(id="neither", ordinal=2, text="Nothing of it.", embedding=[0.0, 1.0], **facts),
    ]
    await parts.vectors.replace(shop.context.tenant, document, "x", LOCAL, chunks)
    passages = await retrieved(
        shop, "warranty", configuration, QuestionVector(model=LOCAL, values=(1.0, 0.0))
    )
    assert passages[0].id == first
    assert all(0 <= each.score <= 1 for each in passages)
    # An answer's confidence rests on it: the nearest passage keeps its similarity, whatever words count.
    assert {each.id: each.score for each in passages}["near"] == pytest.approx(1, abs=0.01)


async def test_who_asks_with_a_synonym_is_found_what_has_the_other_word(shop: Shop) -> None:
    """By answers and by searches alike."""
    await index_texts(shop, ["The zorbex is blue.", "The lamp is green.", "The carpet is red."])
    vector = QuestionVector(model=LOCAL)  # words alone decide
    configuration = AgentConfiguration(synonyms=(("zorbex", "quillon", "night light"),))
    for question in ("quillon", "a night light"):
        for settings, expected in ((configuration, ["The zorbex is blue."]), (AgentConfiguration(), [])):
            passages = await retrieved(shop, question, settings, vector)
            assert [each.text for each in passages if each.score > 0] == expected
    answer = await search(
        Search(query="a night light", limit=1),
        shop.context,
        embedder=shop.parts.embedder,
        vectors=shop.parts.vectors,
        configuration=msgspec.structs.replace(configuration, semantic_weight=0.0),
    )
    assert [each.text for each in answer.passages] == ["The zorbex is blue."]


async def test_a_search_in_some_sources_finds_nothing_of_the_others(shop: Shop) -> None:
    parts, sources = shop.parts, ("document", "knowledge", "shop")
    for number, source in enumerate(sources * 10):
        document, text = uuid4(), f"The lamp {number} is green."
        await parts.keyring.make(shop.context.tenant, document)
        async with parts.embedder.metering(shop.context, "search") as meter:
            (vector,) = await meter.embed([text])
        chunk = Chunk(id=f"p{number}", ordinal=0, page=1, section=None, tokens=9, text=text, embedding=vector)
        await parts.vectors.replace(shop.context.tenant, document, "x", LOCAL, [chunk], source=source)  # type: ignore[arg-type]
    for wanted in (("shop",), ("document", "knowledge"), None):
        query = Search(query="Is the lamp green?", limit=10, sources=wanted)  # type: ignore[arg-type]
        given = await search(query, shop.context, embedder=parts.embedder, vectors=parts.vectors)
        assert len(given.passages) == 10
        assert {each.source for each in given.passages} <= set(wanted or sources)
