from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from domain.base.errors import Invalid, NotFound
from domain.retrieval.knowledge import (
    HIGHEST,
    LONGEST_CONTENT,
    LONGEST_LABEL,
    LONGEST_TITLE,
    MOST_KEYWORDS,
    Knowledge,
)
from domain.retrieval.knowledge_entry import KnowledgeEntry
from tests.domain.given import NOW, when

HOURS = Knowledge(kind="question_answer", title="When are you open?", content="From nine to five.")


def entry() -> KnowledgeEntry:
    return KnowledgeEntry.write(UUID(int=1), HOURS, None, NOW)


def test_an_update_is_a_new_version_and_the_same_again_is_none() -> None:
    known = entry()
    later = replace(HOURS, content="From nine to six.")
    [updated] = when(known, lambda: known.update(later, UUID(int=2), NOW))
    assert isinstance(updated, KnowledgeEntry.Updated)
    assert (updated.version, updated.knowledge, updated.category_key) == (2, later, UUID(int=2))
    assert when(known, lambda: known.update(later, UUID(int=2), NOW)) == []
    assert (known.state.version, known.answers) == (2, later)


def test_a_deleted_entry_answers_nothing_until_it_is_restored() -> None:
    known = entry()
    assert len(when(known, lambda: known.delete(NOW))) == 1
    assert known.answers is None
    for refused in (lambda: known.delete(NOW), lambda: known.update(HOURS, None, NOW)):
        with pytest.raises(NotFound, match="restore"):
            refused()
    assert len(when(known, lambda: known.bring_back(NOW))) == 1
    assert known.answers == HOURS
    assert when(known, lambda: known.bring_back(NOW)) == []


def test_an_entry_that_is_not_active_answers_nothing() -> None:
    known = entry()
    known.update(replace(HOURS, active=False), None, NOW)
    assert (known.answers, known.state.version) == (None, 2)


@pytest.mark.parametrize("deleted", [False, True])
def test_an_erased_entry_says_nothing_and_stays_so(deleted: bool) -> None:
    known = entry()
    if deleted:
        known.delete(NOW)
    [erased] = when(known, lambda: known.erase(NOW))
    assert erased.ERASES
    assert (known.state.knowledge, known.answers) == (None, None)
    for refused in (known.erase, known.bring_back, known.delete, lambda at: known.update(HOURS, None, at)):
        with pytest.raises(NotFound):
            refused(NOW)


def test_what_nobody_sees_is_taken_out() -> None:
    said = Knowledge(
        kind="fact",
        title="  Opening hours\t",
        content="\r\nNine\r\nto five \n",
        keywords=("Hours", " hours ", "ＨＯＵＲＳ", "times", " "),
        category="  ",
    ).cleaned()
    assert (said.title, said.content) == ("Opening hours", "Nine\nto five")
    assert (said.keywords, said.category) == (("Hours", "times"), None)


@pytest.mark.parametrize(
    ("facts", "told"),
    [
        ({"title": " "}, "title has no text"),
        ({"title": "One\nTwo"}, "title is one line"),
        ({"title": "x" * (LONGEST_TITLE + 1)}, f"at most {LONGEST_TITLE}"),
        ({"content": "\n"}, "content has no text"),
        ({"content": "x" * (LONGEST_CONTENT + 1)}, f"at most {LONGEST_CONTENT}"),
        ({"content": "a\x00b"}, "U\\+0000"),
        ({"content": "a\ud800b"}, "U\\+D800"),
        ({"category": "x" * (LONGEST_LABEL + 1)}, f"at most {LONGEST_LABEL}"),
        ({"keywords": ("x" * (LONGEST_LABEL + 1),)}, f"at most {LONGEST_LABEL}"),
        ({"keywords": tuple(map(str, range(MOST_KEYWORDS + 1)))}, f"at most {MOST_KEYWORDS}"),
        ({"priority": HIGHEST + 1}, "priority lies between"),
        ({"priority": -1}, "priority lies between"),
    ],
)
def test_what_can_not_be_an_entry_is_refused_with_what_to_do(facts: dict[str, Any], told: str) -> None:
    with pytest.raises(Invalid, match=told):
        replace(HOURS, **facts).cleaned()


@given(st.text(max_size=50), st.text(max_size=200), st.lists(st.text(max_size=20), max_size=5))
def test_cleaning_twice_is_cleaning_once(title: str, content: str, keywords: list[str]) -> None:
    said = Knowledge(kind="fact", title=title, content=content, keywords=tuple(keywords))
    try:
        once = said.cleaned()
    except Invalid:
        return
    assert once.cleaned() == once
    assert not set("\x00\r") & set(once.title + once.content)
