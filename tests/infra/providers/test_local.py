from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from domain.models.completion import Completion, CompletionRequest, Passage, Turn
from infra.providers.local import completer as local
from infra.providers.local.completer import LocalCompleter
from infra.providers.local.scoring import ReadPassage
from infra.providers.local.words import ENGLISH, WORDS
from infra.retrieval.embedding import WordLlamaEmbedder
from tests.until import until

EMBEDDER = WordLlamaEmbedder()
COMPLETER = LocalCompleter(EMBEDDER)

FAQ = """Questions of our guests
Q: Do you have wireless internet?
A: Yes, WiFi is free in the whole building. The password is on your key card.
Q: Can I cancel my booking?
A: Bookings can be cancelled free of charge until 48 hours before arrival. After that we charge the first night.
Q: How do I get to the hotel from the airport?
A: Bus line 42 stops in front of the hotel. A taxi costs about 35 euros."""
GUIDE = """Pets
Dogs are welcome and cost 10 euros a night. Cats are not allowed [12].
Breakfast
It is served from 7 to 10 am on weekdays. It costs 14 euros for adults and 7 euros for children.
Contact
You reach the reception at +41 44 555 0199."""


DOCUMENT = uuid4()


def passage(text: str, *, section: str | None = None, document: UUID = DOCUMENT) -> Passage:
    return Passage(
        id=uuid4().hex, document=document, title="t", ordinal=0, page=1, section=section, score=0.5, text=text
    )


async def ask(*questions: str, passages: Sequence[str] = (FAQ, GUIDE), before: str = "") -> Completion:
    prompt = (Turn(role="system", text="\n".join(passages)), Turn(role="user", text="\n".join(questions)))
    given = tuple(map(passage, passages))
    return await COMPLETER.complete(
        CompletionRequest(
            model="extractive", prompt=prompt, questions=questions, goes_on_from=before, passages=given
        )
    )


async def test_a_question_of_an_faq_is_answered_with_its_answer_not_with_the_question() -> None:
    answer = await ask("Do you have wireless internet?")
    assert answer.text == "Yes, WiFi is free in the whole building. The password is on your key card. [1]"
    assert answer.confidence is not None
    assert answer.confidence > 0.6


async def test_a_sentence_under_a_heading_is_shown_with_what_it_is_about() -> None:
    assert (await ask("How much is breakfast for children?")).text == (
        "Breakfast: It costs 14 euros for adults and 7 euros for children. [2]"
    )


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("what is your phone number", "+41 44 555 0199"),
        ("What does a cab to the airport cost?", "35 euros"),
        ("may I cancel", "48 hours"),
        ("When is breakfast?", "7 to 10 am"),
        ("wifi password", "key card"),
    ],
)
async def test_other_words_for_the_same_find_the_answer(question: str, expected: str) -> None:
    assert expected in (await ask(question)).text


@pytest.mark.parametrize("question", ["When are you open?", "opening hours?", "what time do you open"])
async def test_hours_in_words_are_a_time(question: str) -> None:
    hours = "The shop is open from nine to five."
    assert hours in (await ask(question, passages=(hours,))).text


@pytest.mark.parametrize(
    "question",
    [
        "Who won the chess championship in 1972?",
        "Do you sell surfboards?",
        "how old is the building?",
        "???",
        "",
    ],
)
async def test_it_says_plainly_that_it_found_nothing(question: str) -> None:
    answer = await ask(question)
    assert (answer.text, answer.confidence) == (ENGLISH.nothing, 0.0)


async def test_without_passages_nothing_is_found() -> None:
    assert (await ask("Do you have wireless internet?", passages=())).text == ENGLISH.nothing


async def test_what_the_customer_has_bought_answers_what_nothing_else_does() -> None:
    """It is among the passages only where it is asked about."""
    order = replace(
        passage("Number 4711 of 29 November 2026: placed.\n2 × Trail shoe"), source="purchase", score=0.9
    )
    prompt = (Turn(role="system", text=order.text), Turn(role="user", text="?"))

    async def asked(*questions: str) -> Completion:
        request = CompletionRequest(
            model="extractive", prompt=prompt, questions=questions, passages=(passage(FAQ), order)
        )
        return await COMPLETER.complete(request)

    answer = await asked("Where is my order?")
    assert (answer.text, answer.confidence) == (f"{order.text} [2]", 0.9)
    assert "48 hours before arrival" in (await asked("Can I cancel my booking?")).text
    order = replace(order, score=0.96)  # it is surely asked for
    assert (await asked("How much is a taxi, for my order?")).text == f"{order.text} [2]"
    assert "WiFi is free" in (await asked("Do you have wireless internet?")).text
    both = await asked("Where is my order?", "Do you sell bicycles?")
    assert both.text == f"{order.text} [2]\n\n{ENGLISH.not_all}"


async def test_all_questions_of_a_burst_are_answered() -> None:
    for burst in (
        ("Do you have wireless internet?", "And when is breakfast?"),
        ("Do you have wireless internet, and when is breakfast?",),
        ("Hi! Do you have wireless internet? When is breakfast?",),
    ):
        answer = await ask(*burst)
        assert "[1]" in answer.text
        assert "WiFi is free" in answer.text
        assert "7 to 10 am" in answer.text


async def test_what_is_said_before_a_question_goes_with_it() -> None:
    assert "Dogs are welcome" in (await ask("Hello", "I have a dog", "can I bring it?")).text


async def test_a_question_that_goes_on_is_answered_by_what_it_goes_on_from() -> None:
    mug, tent = "Blue mug\nPrice: 12.90 EUR", "Alta tent\nPrice: 329.00 EUR"
    answer = await ask("How much is it?", passages=(mug, tent), before="Tell me about the Alta tent.")
    assert ("329.00" in answer.text, "12.90" in answer.text) == (True, False)
    assert (await ask("How much is it?", passages=(mug, tent))).text == ENGLISH.nothing
    own = await ask("Do you have wireless internet?", before="When is breakfast?")
    assert ("WiFi is free" in own.text, "7 to 10 am" in own.text) == (True, False)


async def test_a_question_without_an_answer_beside_one_with_is_named_and_lowers_the_confidence() -> None:
    answer = await ask("Do you have wireless internet? Who is the mayor of Paris?")
    assert answer.text.startswith("Yes, WiFi is free")
    assert answer.text.endswith(ENGLISH.not_all)
    assert answer.confidence == 0.0


async def test_a_greeting_is_returned() -> None:
    assert (await ask("Good morning!")).text == ENGLISH.hello


async def test_references_of_a_document_do_not_pass_for_citations() -> None:
    answer = await ask("Are cats allowed?")
    assert "Cats are not allowed." in answer.text
    assert "[12]" not in answer.text


async def test_the_same_request_gets_the_same_answer() -> None:
    answers = {(await ask("Can I cancel my booking?")).text for _ in range(3)}
    fresh = LocalCompleter(EMBEDDER)
    request = CompletionRequest(
        model="x", prompt=(), questions=("Can I cancel my booking?",), passages=(passage(FAQ), passage(GUIDE))
    )
    assert answers == {(await fresh.complete(request)).text}


async def test_usage_is_that_of_the_prompt_and_the_answer() -> None:
    answer = await ask("Do you have wireless internet?")
    whole = EMBEDDER.count_tokens(f"{FAQ}\n{GUIDE}") + EMBEDDER.count_tokens("Do you have wireless internet?")
    assert abs(answer.usage.input - whole) <= 4
    assert answer.usage.output == EMBEDDER.count_tokens(answer.text)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.text(max_size=80), max_size=3), st.lists(st.text(max_size=300), max_size=3))
async def test_no_text_of_customers_or_documents_breaks_it(questions: list[str], passages: list[str]) -> None:
    answer = await ask(*questions, passages=passages)
    assert answer.text
    assert 0 <= (answer.confidence or 0.0) <= 1


async def test_an_answer_from_five_known_passages_takes_some_milliseconds() -> None:
    passages = [f"Number {n}\n{FAQ}\n{GUIDE}\nPart {n} says that {n} is fine." for n in range(5)]
    await ask("Can I cancel my booking?", passages=passages)
    took = []
    for _ in range(20):
        began = time.perf_counter()
        await ask("Can I cancel my booking?", passages=passages)
        took.append(time.perf_counter() - began)
    assert min(took) < 0.02  # about 2 ms on an idle core


async def test_passages_that_nobody_asks_for_any_more_are_dropped_without_another_question(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(local, "FORGOTTEN", 0.3)
    completer = LocalCompleter(EMBEDDER)

    async def about(text: str) -> None:
        await completer.complete(
            CompletionRequest(model="extractive", prompt=(), questions=("When?",), passages=(passage(text),))
        )

    await about("We open at nine.")
    await about("We close at five.")
    for _ in range(5):
        await asyncio.sleep(0.1)
        await about("We close at five.")
    assert [text for _, text, _ in completer._remembered] == ["We close at five."]
    await until(lambda: not completer._remembered)


async def test_a_text_that_another_tenants_document_has_too_is_read_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Else whoever has a guess of it would see by the time that it takes."""
    read = []

    class Read(ReadPassage):
        def __init__(self, passage: Passage, meanings: Any) -> None:
            read.append(passage.document)
            super().__init__(passage, meanings)

    monkeypatch.setattr(local, "ReadPassage", Read)
    completer, ours, theirs = LocalCompleter(EMBEDDER), uuid4(), uuid4()
    for document in (ours, ours, theirs):
        await completer.complete(
            CompletionRequest(
                model="extractive",
                prompt=(),
                questions=("When?",),
                passages=(passage("We open at nine.", document=document),),
            )
        )
    assert read == [ours, theirs]


async def test_a_long_prompt_is_counted_beside_the_event_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    threads = []
    count = LocalCompleter._count

    def counted(*given: Any) -> int:
        threads.append(threading.get_ident())
        return count(*given)

    monkeypatch.setattr(LocalCompleter, "_count", counted)
    for text, here in (("When?", True), ("When? " * local.INLINE, False)):
        prompt = (Turn(role="user", text=text),)
        request = CompletionRequest(model="extractive", prompt=prompt, questions=("When?",))
        answer = await COMPLETER.complete(request)
        assert answer.usage.input >= len(text) // 6
        assert (threads.pop() == threading.get_ident()) == here


async def test_of_a_long_text_what_stands_at_its_beginning_and_end_is_the_question() -> None:
    pasted = "Lorem ipsum dolor sit amet. " * 20_000
    for asked in (f"Do you have wireless internet? {pasted}", f"{pasted} Do you have wireless internet?"):
        assert "WiFi is free" in (await ask(asked)).text
    assert "WiFi is free" in (await ask(pasted, "Do you have wireless internet?")).text


@pytest.mark.parametrize(
    "text", ["?" * 8000, "." * 8000, ", " * 4000, " " * 8000 + "and", "\u202e" * 8000, "hi " * 2600]
)
async def test_an_odd_text_takes_time_that_grows_with_it_and_no_faster(text: str) -> None:
    began = time.process_time()
    await ask(text)
    assert time.process_time() - began < 2


async def test_many_questions_and_many_words_are_answered_beside_the_event_loop(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    threads = []
    answer = LocalCompleter._answer

    def answered(*given: Any) -> tuple[str, float]:
        threads.append(threading.get_ident())
        return answer(*given)

    monkeypatch.setattr(LocalCompleter, "_answer", answered)
    await ask("Do you have wireless internet?")
    assert set(threads) == {threading.get_ident()}
    threads.clear()
    answer_to_many = await ask("Do you have wireless internet? " + "How do I get to the moon? " * 250)
    assert threading.get_ident() not in threads
    assert len(threads) <= local.ASKED
    assert "WiFi is free" in answer_to_many.text
    assert ENGLISH.not_all in answer_to_many.text


async def test_a_greeting_is_a_word_of_its_own() -> None:
    assert local._questions(["Do you ship to Delhi?"])[0].words == ["delhi", "ship"]
    assert [each.text for each in local._questions(["Good morning! -- Do you ship?"])] == ["Do you ship?"]
    assert (await ask("  ¡Hello!")).text == ENGLISH.hello


async def test_a_statement_that_is_overruled_is_no_answer() -> None:
    older, newer = "Parcels are 5 € to send.", "Parcels are 4 € to send."
    passages = [passage(older), passage(newer, document=uuid4())]
    request = CompletionRequest(
        model="extractive",
        prompt=(),
        questions=("How much is it to send parcels?",),
        passages=tuple(passages),
        overruled=(older,),
    )
    assert (await COMPLETER.complete(request)).text == f"{newer} [2]"


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ("Gibt es bei Ihnen kabelloses Internet?", WORDS["de"].nothing),
        ("Avez-vous un accès internet sans fil ?", WORDS["fr"].nothing),
        ("هل لديكم إنترنت لاسلكي في المتجر؟", WORDS["ar"].nothing),
        ("Dzień dobry!", WORDS["pl"].hello),
    ],
)
async def test_that_nothing_was_found_is_told_in_the_customers_language(question: str, said: str) -> None:
    assert (await ask(question)).text == said


async def test_a_short_question_is_answered_in_the_language_of_what_was_said_before() -> None:
    said = ("How much is express shipping to Norway?", "Is the Trekker in stock?")
    prompt = tuple(Turn(role="user", text=each) for each in said)
    request = CompletionRequest(model="extractive", prompt=prompt, questions=said[1:], max_tokens=None)
    assert (await COMPLETER.complete(request)).text == ENGLISH.nothing
