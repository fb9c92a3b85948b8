from __future__ import annotations

import re
import string
import time
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.agents.chunk_sizes import ChunkSizes
from domain.base.errors import Invalid
from domain.retrieval.chunking import DEFAULT, Piece, chunk


def words(text: str) -> int:
    """A token a word, or a token for each five letters of a long one."""
    return sum(max(1, len(word) // 5) for word in text.split())


def cut(*pages: str) -> list[Piece]:
    return chunk(list(enumerate(pages, 1)), words)


def fresh(pieces: list[Piece]) -> str:
    """The text without the overlaps and without white space."""
    parts = []
    for piece in pieces:
        letters, left = piece.text.split(), piece.overlap
        while left:
            left -= words(letters.pop(0))
        parts.append("".join(letters))
    return "".join(parts)


def _sentence(random: Random, length: int) -> str:
    letters = [
        "".join(random.choices(string.ascii_letters + "äß9", k=random.randint(1, 9))) for _ in range(length)
    ]
    return " ".join(letters).capitalize() + random.choice([".", "?", "!", '."', ""])


# Drawn from a fixed stock: to make each letter by hypothesis takes many times as long as to cut the text.
STOCK = [_sentence(Random(n), 1 + n % 60) for n in range(200)] + [_sentence(Random(n), 200) for n in range(5)]
paragraph = st.lists(st.sampled_from(STOCK), min_size=1, max_size=30).map(" ".join)
page = st.lists(paragraph, max_size=8).map("\n\n".join)
book = st.lists(page, max_size=6)


@settings(max_examples=60, deadline=None)
@given(book)
def test_every_word_stands_in_a_chunk_once_and_in_order(pages: list[str]) -> None:
    assert fresh(cut(*pages)) == "".join("".join(pages).split())


@settings(max_examples=60, deadline=None)
@given(book)
def test_all_chunks_but_the_last_have_300_to_500_tokens(pages: list[str]) -> None:
    pieces = cut(*pages)
    assert all(DEFAULT.smallest <= piece.tokens <= DEFAULT.largest for piece in pieces[:-1])
    assert all(0 < piece.tokens <= DEFAULT.largest for piece in pieces[-1:])
    assert [piece.ordinal for piece in pieces] == list(range(len(pieces)))


@settings(max_examples=60, deadline=None)
@given(book)
def test_a_chunk_begins_with_whole_sentences_of_the_end_of_the_one_before(pages: list[str]) -> None:
    pieces = cut(*pages)
    for before, piece in pairwise(pieces):
        assert piece.overlap <= 2 * DEFAULT.overlap
        repeated, left = [], piece.overlap
        for each in piece.text.split():
            if not left:
                break
            repeated.append(each)
            left -= words(each)
        assert before.text.split()[len(before.text.split()) - len(repeated) :] == repeated


@settings(max_examples=60, deadline=None)
@given(book)
def test_a_chunks_start_is_where_its_text_stands_on_its_page(pages: list[str]) -> None:
    places = [(piece.page, piece.start) for piece in cut(*pages)]
    assert places == sorted(set(places))
    assert all(not pages[page - 1][start].isspace() for page, start in places)


@settings(max_examples=60, deadline=None)
@given(st.lists(paragraph, min_size=1, max_size=6))
def test_a_chunk_says_all_pages_that_its_text_stands_on(pages: list[str]) -> None:
    marked = [" ".join(f"{word}({page})" for word in text.split()) for page, text in enumerate(pages, 1)]
    for piece in cut(*marked):
        found = {int(number) for number in re.findall(r"\((\d)\)", piece.text)}
        assert found == set(range(piece.page, piece.last_page + 1))


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=3000))
def test_any_text_at_all_can_be_cut(text: str) -> None:
    assert fresh(cut(text)) == "".join(text.split())


def sizes(smallest: int, beyond: int, overlap: int) -> ChunkSizes:
    made = ChunkSizes(
        smallest=2 * overlap + smallest, largest=2 * overlap + smallest + beyond, overlap=overlap
    )
    made.check()
    return made


ANY_SIZES = st.builds(sizes, st.integers(50, 400), st.integers(50, 600), st.integers(0, 150))


@settings(max_examples=60, deadline=None)
@given(book, ANY_SIZES)
def test_chunks_have_whatever_sizes_are_set(pages: list[str], wanted: ChunkSizes) -> None:
    pieces = chunk(list(enumerate(pages, 1)), words, wanted)
    assert fresh(pieces) == "".join("".join(pages).split())
    assert all(wanted.smallest <= piece.tokens <= wanted.largest for piece in pieces[:-1])
    assert all(0 < piece.tokens <= wanted.largest for piece in pieces[-1:])
    assert all(piece.overlap <= 2 * wanted.overlap for piece in pieces)


@pytest.mark.parametrize(
    ("smallest", "largest", "overlap", "said"),
    [(300, 349, 50, "largest_chunk"), (149, 500, 50, "smallest_chunk"), (500, 300, 0, "largest_chunk")],
)
def test_sizes_between_which_nothing_can_be_cut_are_refused(
    smallest: int, largest: int, overlap: int, said: str
) -> None:
    with pytest.raises(Invalid, match=f"^{said} "):
        ChunkSizes(smallest=smallest, largest=largest, overlap=overlap).check()


def test_a_short_text_is_one_chunk() -> None:
    (piece,) = cut("We are open daily. Come in.")
    assert (piece.text, piece.page, piece.start, piece.overlap) == ("We are open daily. Come in.", 1, 0, 0)


def test_an_empty_text_gives_no_chunk() -> None:
    assert cut("", " \n\n\t") == []


def test_sentences_of_ordinary_length_give_an_overlap_of_about_50_tokens() -> None:
    pieces = cut(" ".join(f"This is the sentence that has number {n:04}." for n in range(500)))
    assert len(pieces) > 5
    assert all(40 <= piece.overlap <= DEFAULT.overlap for piece in pieces[1:])


def test_an_endless_sentence_is_cut_between_words_with_overlap() -> None:
    endless = " ".join(f"item{n}" for n in range(5000))
    pieces = cut(endless)
    assert fresh(pieces) == endless.replace(" ", "")
    assert all(DEFAULT.smallest <= piece.tokens <= DEFAULT.largest for piece in pieces[:-1])
    assert all(0 < piece.overlap <= DEFAULT.overlap for piece in pieces[1:])
    assert all(each.startswith("item") for piece in pieces for each in piece.text.split())


def test_a_word_without_end_is_cut_too() -> None:
    pieces = cut("x" * 50_000)
    assert "".join(piece.text.replace(" ", "") for piece in pieces).count("x") >= 50_000
    assert all(piece.tokens <= DEFAULT.largest for piece in pieces)


def test_a_question_stays_with_its_answer() -> None:
    faq = "\n".join(
        f"{n}. What about the matter number {n}?\nThe answer to {n} is this. It takes {n} days and "
        + "so " * 30
        + "on."
        for n in range(1, 40)
    )
    pieces = cut(faq)
    assert len(pieces) > 2
    for n in range(1, 40):
        assert any(f"number {n}?" in piece.text and f"It takes {n} days" in piece.text for piece in pieces)
    assert all(piece.text.rstrip().endswith("on.") for piece in pieces)


def test_pages_are_preferred_as_ends_of_chunks() -> None:
    pages = [
        f"The page {n} says this. " + "It says it again and again and once more. " * 45 for n in range(1, 5)
    ]
    pieces = cut(*pages)
    assert [(piece.page, piece.last_page) for piece in pieces] == [(1, 1), (1, 2), (2, 3), (3, 4)]
    assert all(f"The page {n} says this." in piece.text for n, piece in enumerate(pieces, 1))


def test_a_chunk_is_named_after_the_heading_above_it() -> None:
    body = "We say a thing here and then another one. " * 50
    pieces = cut(f"Returns policy\n{body}\n\n# Rental terms\n{body}\n\n2.1 Deposits\n{body}")
    assert [piece.section for piece in pieces] == ["Returns policy", "Rental terms", "2.1 Deposits"]
    assert not any(piece.text.endswith(("Rental terms", "2.1 Deposits")) for piece in pieces)


class Counting:
    """A token a word and, as tokenizers have it, a letter of a word that they do not know; counts the letters that it was asked about."""

    def __init__(self) -> None:
        self.letters = 0

    def __call__(self, text: str) -> int:
        self.letters += len(text)
        return sum(1 if len(word) < 12 else len(word) // 2 for word in text.split())


HOSTILE = st.sampled_from(
    [
        "x", "xy z ", " ", "\n", "a\n", "a\n\n", "\n \n", ".", "a. B", "? ", "What?\n", "# ", "- a\n", "1. ", "1.1.1 A", "Q1: ",
        "漢", "漢。", "\u200b", "é", "\U0001f600", "(", ".)", "A" * 59 + "\n", "\x00", "\x1f", "\u2028", "\t", "e.g. ", "no end",
    ]
)  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(st.lists(HOSTILE, min_size=1, max_size=4).map("".join))
def test_the_letters_that_are_counted_grow_with_the_text_and_no_faster(unit: str) -> None:
    """Whatever the text: without spaces, one huge line, nothing but spaces or line ends."""
    for size in (1_000, 20_000):
        counting = Counting()
        text = (unit * size)[:size]
        pieces = chunk([(1, text)], counting)
        assert counting.letters <= 12 * size + 2_000
        assert fresh_letters(pieces) >= len("".join(text.split()))
        assert all(len(piece.text) <= 20 * DEFAULT.largest for piece in pieces)


def fresh_letters(pieces: list[Piece]) -> int:
    return sum(len("".join(piece.text.split())) for piece in pieces)


def test_no_text_takes_time_that_grows_faster_than_it() -> None:
    began = time.process_time()
    for unit in ("x", "xy ", "\n", "a\n", "a. B", "Is it?\n", ".)", "Q1", "1.1"):
        chunk([(1, (unit * 100_000)[:100_000])], Counting())
    assert time.process_time() - began < 30
