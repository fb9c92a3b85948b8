from __future__ import annotations

import pytest

from domain.retrieval.capitals import without_capitals


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("HOW DO I RETURN A TENT?", "how do i return a tent?"),
        ("WO IST MEINE GRÖẞE 38", "wo ist meine größe 38"),
        ("How do I return my iPhone to the USA?", "How do I return my iPhone to the USA?"),
        ("A-1234-99", "a-1234-99"),
        ("Ok", "Ok"),
        ("返品 42", "返品 42"),
        ("", ""),
    ],
)
def test_only_texts_in_capitals_become_small(text: str, plain: str) -> None:
    assert without_capitals(text) == plain
