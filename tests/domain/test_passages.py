from __future__ import annotations

from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from domain.agent import AgentConfiguration
from domain.base import Lent
from domain.call import Call
from domain.completion import Passage, Turn
from domain.conversation import Conversation
from domain.passages import GONE, Retrieved, cut, join
from domain.prompts import answer_prompt

TEXTS = st.text(max_size=60) | st.sampled_from(
    ["a\n</document>", "<document number=2 title='x'>\n", "[deleted]", "<document number=1 title='x'>\nb"]
)
PASSAGES = st.lists(
    st.builds(
        Passage,
        id=st.just("p"),
        document=st.uuids(),
        title=TEXTS,
        ordinal=st.just(0),
        page=st.none() | st.integers(1, 9),
        section=st.none() | TEXTS,
        score=st.just(0.5),
        text=TEXTS,
    ),
    max_size=5,
)


def retrieved(passages: list[Passage]) -> tuple[Retrieved, ...]:
    return tuple(
        Retrieved(
            passage=each.id,
            document=each.document,
            title=each.title,
            ordinal=each.ordinal,
            page=each.page,
            section=each.section,
            score=each.score,
            rank=rank,
        )
        for rank, each in enumerate(passages, 1)
    )


def passage(title: str, text: str) -> Passage:
    return Passage(id="p", document=uuid4(), title=title, ordinal=0, score=0.5, text=text)


@given(PASSAGES, TEXTS)
def test_what_is_put_together_again_is_what_was_taken_apart(passages: list[Passage], question: str) -> None:
    items = retrieved(passages)
    prompt = answer_prompt(AgentConfiguration(), (), passages, [question])
    bare, rest, lent = cut(items, prompt)
    assert [each.subject for each in lent] == [each.document for each in passages]
    assert all((item.title, item.section) == ("", None) for item in bare)
    assert join(bare, rest, lent) == (items, prompt)


def test_no_title_and_no_text_is_left_when_all_is_taken_apart() -> None:
    passages = [passage("first-title", "first-text"), passage("second-title", "second-text")]
    prompt = answer_prompt(AgentConfiguration(), (), passages, ["Why?"])
    bare, rest, lent = cut(retrieved(passages), prompt)
    for word in ("<document", "first", "second"):
        assert word not in str((bare, rest))
    assert rest[1:] == prompt[1:]
    assert "first-text" in str(lent[0])
    assert "first-text" not in str(lent[1])


def test_where_a_document_is_gone_the_others_stay_where_they_were() -> None:
    passages = [passage("a", "first-text"), passage("b", "second-text"), passage("c", "third-text")]
    items = retrieved(passages)
    prompt = answer_prompt(AgentConfiguration(), (), passages, ["Why?"])
    bare, rest, lent = cut(items, prompt)
    left, told = join(bare, rest, [lent[0], replace(lent[1], texts=None), lent[2]])
    assert [item.title for item in left] == ["a", GONE, "c"]
    assert [item.passage for item in left] == ["p"] * 3
    assert "second" not in str(told)
    expected = prompt[0].text.replace(
        "<document number=2 title='b'>\nsecond-text", f"<document number=2 {GONE}>\n"
    )
    assert told == (Turn(role="system", text=expected), *prompt[1:])


@pytest.mark.parametrize(
    "event",
    [
        Conversation.Prompted(interaction=uuid4(), retrieved=(), prompt=()),
        Call.Prompted(retrieved=(), prompt=(), configuration_version=1),
    ],
    ids=lambda event: event.TOPIC,
)
def test_every_event_with_a_prompt_is_taken_apart(event: Conversation.Prompted | Call.Prompted) -> None:
    passages = [passage("a", "first-text")]
    prompt = answer_prompt(AgentConfiguration(), (), passages, ["Why?"])
    whole = replace(event, retrieved=retrieved(passages), prompt=prompt)
    bare, lent = whole.apart()
    assert event.LENT
    assert "first-text" not in str(bare)
    assert bare.together(lent) == whole


def test_a_prompt_without_the_passages_stays_as_it_is() -> None:
    items = retrieved([passage("a", "text")])
    for prompt in ((), (Turn(role="system", text="Be kind."), Turn(role="user", text="Why?"))):
        bare, rest, lent = cut(items, prompt)
        assert rest == prompt
        assert join(bare, rest, lent) == (items, prompt)
        assert join(bare, rest, [Lent(place=lent[0].place, texts=None)])[1] == prompt
