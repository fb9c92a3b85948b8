"""Results kept by a text's digest."""

from __future__ import annotations

import contextlib
import gc

from hypothesis import given
from hypothesis import strategies as st

from domain.base.kept import kept


@given(st.lists(st.text(), max_size=20))
def test_it_gives_what_the_function_gives(texts: list[str]) -> None:
    length = kept(4)(len)
    assert [length(text) for text in texts] == [len(text) for text in texts]


def test_the_same_text_is_worked_on_once_while_it_is_among_the_last() -> None:
    asked: list[str] = []
    work = kept(2)(lambda text: asked.append(text) or text.upper())  # type: ignore[func-returns-value]
    assert [work(text) for text in ("a", "a", "b", "a", "c", "b")] == ["A", "A", "B", "A", "C", "B"]
    assert asked == ["a", "b", "c", "b"]


def test_no_text_is_kept() -> None:
    def boom(text: str) -> int:
        raise ValueError(len(text))

    length, fails = kept(8)(len), kept(8)(boom)
    text = "a passage of a document " * 40 + str(id(length))
    length(text)
    with contextlib.suppress(ValueError):
        fails(text)
    gc.collect()
    held = {referrer.__class__.__name__ for referrer in gc.get_referrers(text)}
    assert "_Key" not in held
