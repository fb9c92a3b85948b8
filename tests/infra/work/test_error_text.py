"""What is kept of an error, and what is not."""

from __future__ import annotations

import psycopg
import pytest

from application.ports import ProviderError, Unavailable
from domain.base.errors import NotFound
from domain.models.completion import Outcome
from infra.work.error_text import LONGEST, error_text

SECRET = "Maria Silva, +55 11 91234-5678"


def raised(error: Exception) -> Exception:
    try:
        raise error
    except type(error) as caught:
        return caught


def test_our_own_errors_keep_their_message() -> None:
    assert error_text(NotFound("there is no such document")) == "NotFound: there is no such document"
    assert error_text(Unavailable("the database is away")) == "Unavailable: the database is away"


@pytest.mark.parametrize(
    "error",
    [
        ValueError(SECRET),
        UnicodeDecodeError("utf-8", SECRET.encode(), 0, 1, SECRET),
        psycopg.errors.UniqueViolation(SECRET),
        ProviderError(next(iter(Outcome)), SECRET),
    ],
)
def test_no_error_keeps_the_words_it_was_about(error: Exception) -> None:
    text = error_text(raised(error))
    assert text.startswith(type(error).__name__)
    assert "Maria" not in text


def test_foreign_errors_name_the_place_in_our_code() -> None:
    assert error_text(raised(KeyError(SECRET))).startswith("KeyError: tests/infra/work/test_error_text.py:")


def test_database_errors_name_their_sqlstate() -> None:
    assert error_text(psycopg.errors.UniqueViolation(SECRET)) == "UniqueViolation: SQLSTATE 23505"


def test_any_text_can_be_stored_in_the_database() -> None:
    text = error_text(NotFound("\0\ud800" + "x" * 1000))
    assert "\0" not in text
    assert len(text.encode()) <= LONGEST
