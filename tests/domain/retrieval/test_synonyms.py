from __future__ import annotations

import pytest

from domain.agents.agent import AgentConfiguration
from domain.base.errors import Invalid
from domain.retrieval.synonyms import expanded
from domain.retrieval.terms import wanted

GROUPS = (
    ("sofa", "couch", "settee"),
    ("mobile phone", "cell"),
    ("TV", "television set"),
    ("A-1234-99", "Aurora"),
)


def terms(question: str, languages: tuple[str, ...] = ("en",)) -> set[str]:
    words = expanded(wanted(question, languages), GROUPS, languages)
    return {term for word in words for term in word.terms}


@pytest.mark.parametrize(
    ("question", "also"),
    [
        ("a SOFA please", {"couch", "settee"}),
        ("two couches", {"sofa", "settee"}),  # in any form of the language
        ("my mobile phone", {"cell"}),
        ("the phone is mobile", {"cell"}),
        ("a cell", {"mobile", "phone"}),
        ("tv", {"television", "set"}),
        ("what is a1234-99?", {"aurora"}),
        ("aurora", {"a123499"}),
    ],
)
def test_a_word_is_wherever_what_means_the_same_is(question: str, also: set[str]) -> None:
    assert also <= terms(question)


@pytest.mark.parametrize("question", ["phone", "mobile", "a set", "television", "chair", ""])
def test_a_part_of_a_phrase_is_not_the_phrase_and_other_words_stay(question: str) -> None:
    plain = {term for word in wanted(question, ("en",)) for term in word.terms}
    assert terms(question) == plain


def test_a_questions_words_are_as_many_as_before_and_as_heavy() -> None:
    words = wanted("which couch has A-1234-99", ("en",))
    found = expanded(words, GROUPS, ("en",))
    assert [(each.weight, each.typed, each.terms[0]) for each in found] == [
        (each.weight, each.typed, each.terms[0]) for each in words
    ]
    assert expanded(words, (), ("en",)) == words


@pytest.mark.parametrize("groups", [(("sofa",),), (("sofa", "couch"), ("tv", "tv")), ((),)])
def test_a_group_has_two_words_at_least(groups: tuple[tuple[str, ...], ...]) -> None:
    with pytest.raises(Invalid, match="two words or phrases at least"):
        AgentConfiguration(synonyms=groups).check()
    AgentConfiguration(synonyms=(("sofa", "couch", "settee"),)).check()
