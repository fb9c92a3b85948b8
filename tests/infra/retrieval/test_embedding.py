from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import wordllama

from domain.retrieval.chunking import DEFAULT, chunk
from infra.retrieval.embedding import INLINE, Matrix, WordLlamaEmbedder
from infra.retrieval.word_tokens import WordTokens
from infra.retrieval.word_vectors import table, vocabulary


@pytest.fixture(scope="module", name="embedder")
def _embedder() -> WordLlamaEmbedder:
    return WordLlamaEmbedder()


async def test_vectors_have_the_named_dimension_and_length_one(embedder: WordLlamaEmbedder) -> None:
    vectors = np.array(await embedder.embed(["The shop is open.", "x"]))
    assert vectors.shape == (2, embedder.dimension)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


async def test_like_meanings_lie_nearer_than_like_letters(embedder: WordLlamaEmbedder) -> None:
    fix, repair, fox = np.array(await embedder.embed(["fix the bike", "repair of bicycles", "fox and hike"]))
    assert fix @ repair > 0.5 > fix @ fox


async def test_many_texts_are_embedded_beside_the_loop_with_the_same_result(
    embedder: WordLlamaEmbedder, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = ["The same sentence as always."] * (INLINE // 10)
    threads, vectors = list[int](), embedder.vectors

    def seen(some: Sequence[str]) -> Matrix:
        threads.append(threading.get_ident())
        return vectors(some)

    monkeypatch.setattr(embedder, "vectors", seen)
    many, few = await embedder.embed(texts), await embedder.embed(texts[:1])
    assert np.allclose(many, few * len(texts), atol=1e-5)
    assert threads[0] != threads[1] == threading.get_ident()
    await embedder.embed(["spaces between words, and none here: " + "a" * 1000])
    assert threads[2] != threads[1], "what takes long for its length goes there too"


async def test_a_text_without_meaning_has_no_direction_and_no_text_no_vector(
    embedder: WordLlamaEmbedder,
) -> None:
    assert np.isfinite(await embedder.embed(["", "\u2063"])).all()
    assert await embedder.embed([]) == []


def test_tokens_are_counted_without_a_limit(embedder: WordLlamaEmbedder) -> None:
    assert embedder.count_tokens("") == 0
    assert embedder.count_tokens("word " * 3000) >= 3000


def test_chunks_counted_by_the_real_tokenizer_keep_their_bounds(embedder: WordLlamaEmbedder) -> None:
    texts = [
        "The shop opens at 9:00. Grüße aus Köln, e.g. für 5 €. " * 300,
        "営業時間は月曜日から金曜日です。返品は三十日以内です。" * 100,
        "a;b;12,5;🙂\n" * 1500,
    ]
    for text in texts:
        pieces = chunk([(1, text)], embedder.count_tokens)
        assert len(pieces) > 3
        assert all(DEFAULT.smallest <= piece.tokens <= DEFAULT.largest for piece in pieces[:-1])
        assert pieces[-1].tokens <= DEFAULT.largest


async def test_a_text_in_capitals_has_the_vector_of_the_same_in_small_letters(
    embedder: WordLlamaEmbedder,
) -> None:
    loud, quiet = np.array(await embedder.embed(["HOW DO I RETURN A TENT?", "how do i return a tent?"]))
    assert np.allclose(loud, quiet)
    many = np.array(await embedder.embed(["HOW DO I RETURN A TENT?"] * 40))
    assert np.allclose(many, quiet, atol=1e-5)


def test_table_and_tokens_are_those_that_the_package_itself_would_load(
    embedder: WordLlamaEmbedder,
) -> None:
    folder = Path(wordllama.__file__).parent
    model = wordllama.WordLlama.load(cache_dir=folder, disable_download=True)
    mapped = table(embedder.dimension)
    assert isinstance(mapped, np.memmap), "it is shared by all processes, not read by each"
    assert np.array_equal(mapped.astype(np.float32), model.embedding)
    tokens = WordTokens(vocabulary())
    for text in ("When are you open?", "Grüße aus München", "long " * 2000):
        assert tokens.of(text) == model.tokenizer.encode(text, add_special_tokens=False).ids
