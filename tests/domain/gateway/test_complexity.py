from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

import domain.gateway.complexity as rules_of
from domain.gateway.complexity import POINTS, complexity, fold
from domain.gateway.complexity_words import REASONING, WORKING

# How people write: letters of many scripts, keywords, figures, marks.
PIECES = st.one_of(
    st.text(max_size=12),
    st.sampled_from(sorted(POINTS)),
    st.sampled_from(
        ["?", ",", "12", "\n", "Vor- und Nachteile", "por QUÉ", "cats and", "pros", "step by", "in"]
    ),
)
TEXTS = st.lists(PIECES, max_size=12).map(" ".join)
BURSTS = st.lists(TEXTS, min_size=1, max_size=4)
TURNS = st.integers(0, 60)


@given(BURSTS, TURNS)
def test_a_score_lies_between_0_and_1_and_is_the_sum_of_its_parts(burst: list[str], turns: int) -> None:
    found = complexity(burst, turns)
    assert 0 <= found.score <= 1
    assert found.score == round(sum(found.parts.values()), 4)
    assert min(found.parts.values()) >= 0
    assert set(found.parts) == {"keywords", "structure", "length", "conversation"}


@given(BURSTS, TURNS)
def test_the_same_question_has_the_same_score(burst: list[str], turns: int) -> None:
    assert complexity(list(burst), turns) == complexity(tuple(burst), turns)


@given(BURSTS, TEXTS, TURNS)
def test_a_longer_text_is_never_less_complex(burst: list[str], more: str, turns: int) -> None:
    longer = [*burst[:-1], f"{burst[-1]} {more}"]
    assert complexity(longer, turns).score >= complexity(burst, turns).score


@given(BURSTS, TEXTS, TURNS)
def test_one_more_message_is_never_less_complex(burst: list[str], more: str, turns: int) -> None:
    assert complexity([*burst, more], turns).score >= complexity(burst, turns).score


@given(BURSTS, TURNS, st.integers(1, 20))
def test_a_longer_conversation_is_never_less_complex(burst: list[str], turns: int, more: int) -> None:
    assert complexity(burst, turns + more).score >= complexity(burst, turns).score


@pytest.mark.parametrize(
    "question",
    [
        "When are you open?",
        "Where is my order 4711?",
        "Why is my order late?",
        "Do you have this jacket in green, size M?",
        "Wann habt ihr am Samstag geöffnet?",
        "¿Cuánto cuesta el envío a Madrid?",
        "Quels sont vos horaires d'ouverture ?",
        "Qual é o prazo de entrega?",
        "Quanto costa la spedizione?",
        "Wanneer wordt mijn bestelling geleverd?",
    ],
)
def test_plain_questions_are_simple(question: str) -> None:
    assert complexity([question], 2).score < 0.3


@pytest.mark.parametrize(
    "question",
    [
        "Can you explain the difference between plan A and plan B?",
        "Können Sie mir den Unterschied zwischen den Tarifen erklären?",
        "¿Por qué es mejor el plan anual que el mensual?",
        "Pouvez-vous comparer ces deux forfaits ?",
        "Você pode calcular o preço para dez pessoas?",
        "Mi spieghi la differenza tra i due abbonamenti?",
        "Kunt u de twee pakketten vergelijken?",
    ],
)
def test_questions_with_something_to_weigh_are_neither_simple_nor_complex(question: str) -> None:
    assert 0.3 <= complexity([question], 2).score <= 0.7


@pytest.mark.parametrize(
    "question",
    [
        "Please compare the three plans for a team of 15, analyse what each costs us over 24 months, and calculate "
        "which is the cheapest if we grow to 40 users.",
        "Bitte vergleichen Sie Kauf, Miete und Leasing für 15 Geräte über 36 Monate: Vor- und Nachteile, Kosten, Risiken? "
        "Und berechnen Sie, was bei 40 Geräten günstiger wäre?",
        "Compara los tres planes para 15 personas durante 24 meses, analiza las ventajas y desventajas de cada uno, "
        "y calcula cuál conviene si crecemos a 40.",
        "Comparez les trois forfaits pour 15 personnes sur 24 mois, analysez les avantages et inconvénients, "
        "et calculez lequel est le moins cher à 40.",
        "Compare os três planos para 15 pessoas em 24 meses, avalie as vantagens e desvantagens, e calcule qual sai mais "
        "barato com 40.",
        "Confronta i tre piani per 15 persone in 24 mesi, valutare vantaggi e svantaggi, e calcola quale costa meno "
        "se diventiamo 40.",
        "Vergelijk de drie pakketten voor 15 mensen over 24 maanden, analyseer de voor- en nadelen, en bereken welk "
        "het goedkoopst is bij 40 mensen.",
    ],
)
def test_questions_with_much_to_work_out_are_complex(question: str) -> None:
    assert complexity([question], 2).score > 0.7


def test_keywords_are_whole_words_whatever_their_accents_and_capitals() -> None:
    def points(text: str) -> float:
        return complexity([text], 0).parts["keywords"]

    assert points("analysieren") == points("ANALYSE") == points("¡Análisis!") > 0
    assert points("psychoanalysis") == points("a sound preparation") == points("a mother") == 0
    assert points("Step-by-step") == points("step  by\nstep") > 0
    assert points("PERCHÉ") == points("perche\u0301") == points("perché") > 0
    assert points("whyever") == 0
    assert points("compare, compare and compare") == points("compare")
    assert points("why") == pytest.approx(points("compare") / 2, abs=1e-4)


def test_keywords_are_folded_and_none_stands_in_another_one() -> None:
    import re

    words = [word for table in (WORKING, REASONING) for words in table.values() for word in words]
    assert len(words) == len(set(words))
    assert [word for word in words if fold(word) != word or word != word.strip()] == []
    for word in words:
        stem = word.removesuffix("*")
        tail = "" if word.endswith("*") else r"(?!\w)"
        inside = re.compile(rf"\b{re.escape(stem)}{tail}")
        assert [other for other in words if other != word and inside.search(other.removesuffix("*"))] == []


def test_seven_languages_have_both_kinds_of_words() -> None:
    assert WORKING.keys() == REASONING.keys() >= {"en", "de", "es", "fr", "pt", "it", "nl"}


def test_a_change_of_the_scoring_changes_its_version() -> None:
    """Recorded scores are known by it: with another sum here, raise VERSION."""
    rules = (
        sorted(WORKING.items()),
        sorted(REASONING.items()),
        (rules_of.KEYWORDS, rules_of.STRUCTURE, rules_of.LENGTH, rules_of.CONVERSATION, rules_of.READ),
        (rules_of.FULL_POINTS, rules_of.FULL_LENGTH, rules_of.FULL_TURNS),
        (rules_of.QUESTION, rules_of.FIGURE, rules_of.LINE, rules_of.CLAUSE),
    )
    assert (rules_of.VERSION, sha256(repr(rules).encode()).hexdigest()[:16]) == (1, "2d0c750f1ccd58e4")
