"""Two rankings merged into one."""

from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.models.completion import Passage
from domain.retrieval.fusion import Fusion, fuse

DOCUMENT = UUID(int=1)
RANKS = Fusion(method="reciprocal_rank")


def passage(ordinal: int, score: float, text: str | None = None) -> Passage:
    return Passage(
        id=f"p{ordinal}",
        document=DOCUMENT,
        title="t",
        ordinal=ordinal,
        score=score,
        text=f"text {ordinal}" if text is None else text,
    )


def test_a_passage_that_has_the_words_too_comes_before_one_that_is_as_similar() -> None:
    one, other = passage(1, 0.5), passage(2, 0.5)
    ranked = fuse([one, other], [(other, 0.8)], 5)
    assert [(each.passage, each.relevance) for each in ranked] == [
        (other, pytest.approx(0.7 * 0.5 + 0.3 * 0.8)),
        (one, pytest.approx(0.7 * 0.5)),
    ]
    only = Fusion(semantic_weight=0.0, keyword_weight=0.5)
    assert fuse([one, other], [(other, 0.8)], 1, fusion=only)[0].relevance == pytest.approx(0.8)


def test_where_no_word_is_anywhere_the_relevance_is_the_similarity() -> None:
    ranked = fuse([passage(1, 0.6), passage(2, 0.4)], [], 5)
    assert [each.relevance for each in ranked] == [0.6, 0.4]


def test_an_order_number_that_was_found_weighs_its_share_of_the_question() -> None:
    similar, exact = passage(1, 0.9), passage(2, 0.1)
    assert fuse([similar], [(exact, 0.95)], 1)[0].passage == similar
    assert fuse([similar], [(exact, 0.95)], 1, typed=0.8)[0].passage == exact
    none = Fusion(keyword_weight=0.0)
    assert fuse([similar], [(exact, 0.95)], 1, typed=0.8, fusion=none)[0].passage == similar


def test_by_ranks_the_scores_do_not_matter() -> None:
    first, second, third = passage(1, 0.9), passage(2, 0.2), passage(3, 0.1)
    ranked = fuse([first, second, third], [(second, 0.01), (third, 0.005)], 3, fusion=RANKS)
    assert [each.passage.ordinal for each in ranked] == [2, 3, 1]
    assert fuse([first], [(first, 0.2)], 1, fusion=RANKS)[0].relevance == 1


def test_of_passages_with_the_same_text_the_best_is_left() -> None:
    ranked = fuse([passage(1, 0.5, "Same  text"), passage(2, 0.6, "same text"), passage(3, 0.1)], [], 5)
    assert [each.passage.ordinal for each in ranked] == [2, 3]


scores = st.lists(st.floats(0, 1), max_size=6)


@given(scores, scores, st.floats(0, 1), st.sampled_from([RANKS, Fusion(), Fusion(semantic_weight=0.0)]))
def test_relevance_is_0_to_1_and_falls(
    near: list[float], words: list[float], typed: float, how: Fusion
) -> None:
    found = [passage(n, score) for n, score in enumerate(sorted(near, reverse=True))]
    worded = [(passage(n + 3, 0.2), score) for n, score in enumerate(sorted(words, reverse=True))]
    ranked = [each.relevance for each in fuse(found, worded, 50, typed=typed, fusion=how)]
    assert all(0 <= each <= 1 for each in ranked)
    assert ranked == sorted(ranked, reverse=True)
    places = {each.ordinal for each in found} | {each.ordinal for each, _ in worded}
    assert len(ranked) == len(places)
