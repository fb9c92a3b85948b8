"""Passages in a prompt. They belong to their documents: when one is erased, its passages go from every prompt that showed them."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from itertools import count
from uuid import UUID

import msgspec
from msgspec.structs import replace

from domain.base.aggregate import Quote
from domain.models.completion import Passage, Source, Turn
from domain.models.page_range import pages_told
from domain.retrieval.markers import unnumbered

GONE = "[deleted]"
"""Stands for the title of a document that was erased."""
NOWHERE = -1
"""Place of a passage that does not stand in the prompt."""

SOURCES: dict[Source, str] = {
    "document": "documents",
    "knowledge": "knowledge base",
    "shop": "catalogue",
    "purchase": "customer's own orders and bookings",
    "internet": "internet",
}

_FENCE = 8
"""Hexadecimal digits."""


class Retrieved(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A passage as it stood in the prompt, without its text: the prompt has that. `span` is where: from and up to which character
    of the system text its block stands, None where it does not. It is never stored: `cut` and `join` keep it as a place."""

    passage: str
    document: UUID
    title: str
    ordinal: int
    page: int | None
    section: str | None
    score: float
    rank: int
    span: tuple[int, int] | None = None
    source: Source = "document"
    last_page: int | None = None


def fence(passages: Sequence[Passage]) -> str:
    """A word that stands in none of the passages: what marks where each begins and ends, which none of them can then imitate.

    It follows from the passages' ids, so that the same passages give the same prompt.
    """
    names = "".join(passage.id for passage in passages)
    return word_outside(
        names, [text for each in passages for text in (repr(each.title), repr(each.section), each.text)]
    )


def word_outside(seed: str, texts: Sequence[str]) -> str:
    """A word that follows from `seed` and stands in none of the texts."""
    for number in count():
        word = sha256(f"{number} {seed}".encode(errors="surrogatepass")).hexdigest()[:_FENCE]
        if not any(word in text.lower() for text in texts):
            return word
    raise AssertionError("unreachable")


def blocks(passages: Sequence[Passage]) -> list[str]:
    """Passages as they stand in a prompt's system text, one behind the other and at its end; passage n is cited as [n]."""
    word = fence(passages)
    return [_block(word, number, passage) for number, passage in enumerate(passages, 1)]


def ranked(passages: Sequence[Passage], prompt: Sequence[Turn]) -> tuple[Retrieved, ...]:
    """Passages for the record, as they stand in the prompt that `answer_prompt` made of them."""
    texts = blocks(passages)
    system = prompt[0].text if prompt else ""
    if texts and not system.endswith("\n".join(texts)):
        raise ValueError("the prompt does not end its system text with these passages")
    end, found = len(system), []
    for rank, (passage, text) in reversed([*enumerate(zip(passages, texts, strict=True), 1)]):
        found.append(
            Retrieved(
                passage=passage.id,
                document=passage.document,
                title=passage.title,
                ordinal=passage.ordinal,
                page=passage.page,
                section=passage.section,
                score=passage.score,
                rank=rank,
                span=(end - len(text), end),
                source=passage.source,
                last_page=passage.last_page,
            )
        )
        end -= len(text) + 1
    return tuple(reversed(found))


def text_of(item: Retrieved, prompt: Sequence[Turn]) -> str | None:
    """A passage's text in a prompt, without the lines around it; None where it does not stand there."""
    if item.span is None:
        return None
    _, _, rest = prompt[0].text[slice(*item.span)].partition("\n")
    return rest.rpartition("\n")[0]


def cut(
    retrieved: Sequence[Retrieved], prompt: Sequence[Turn]
) -> tuple[tuple[Retrieved, ...], tuple[Turn, ...], tuple[Quote, ...]]:
    """Both without what belongs to the documents, and that by itself, a piece for each passage; `join` undoes it."""
    system = prompt[0].text if prompt else ""
    kept, lent, last = "", [], 0
    for item in retrieved:
        place, block = NOWHERE, ""
        if item.span is not None:
            start, end = item.span
            kept += system[last:start]
            place, block, last = len(kept), system[start:end], end
        lent.append(Quote(subject=item.document, place=place, texts=(item.title, item.section, block)))
    bare = tuple([replace(item, title="", section=None, span=None) for item in retrieved])
    first = [replace(turn, text=kept + system[last:]) for turn in prompt[:1]]
    return bare, (*first, *prompt[1:]), tuple(lent)


def join(
    retrieved: Sequence[Retrieved], prompt: Sequence[Turn], lent: Sequence[Quote]
) -> tuple[tuple[Retrieved, ...], tuple[Turn, ...]]:
    """As they were before `cut`, but for documents that were erased since."""
    system = prompt[0].text if prompt else ""
    parts, items, last, length = [], [], 0, 0
    for item, each in zip(retrieved, lent, strict=True):
        gone = (GONE, None, f"<document number={item.rank} {GONE}>\n\n</document>")
        title, section, block = each.texts or gone
        span = None
        if each.place != NOWHERE:
            parts += [system[last : each.place], block or ""]
            start = length + each.place - last
            last, length = each.place, start + len(block or "")
            span = start, length
        items.append(replace(item, title=title or "", section=section, span=span))
    first = [replace(turn, text="".join((*parts, system[last:]))) for turn in prompt[:1]]
    return tuple(items), (*first, *prompt[1:])


def _block(word: str, number: int, passage: Passage) -> str:
    pages = pages_told(passage.page, passage.last_page)
    page = f", {pages}" if pages else ""
    section = f", {passage.section!r}" if passage.section else ""
    source = "" if passage.source == "document" else f", from the {SOURCES[passage.source]}"
    opening = f"<document {word} number={number} title={passage.title!r}{page}{section}{source}>"
    return unnumbered(f"{opening}\n{passage.text}\n</document {word}>")
