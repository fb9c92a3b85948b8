"""Documents into chunks: of 300 to 500 tokens or other sizes, cut between sentences, each beginning with the end of the one before.

Cuts are made where a page, a section, a question with its answer or a paragraph ends, in this order, if there is such a place
in reach. A short text is one chunk; the last chunk of a text may be short. A sentence that is too long (200 tokens), as a
table without full stops, is cut between words.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

import msgspec

from domain.agents.chunk_sizes import ChunkSizes
from domain.base.sentences import is_heading, is_question, paragraphs, sentences
from domain.retrieval.blocks import Block

DEFAULT = ChunkSizes()

ENDLESS = 4_000
"""Characters of a sentence that is too long whatever its tokens, which take long to count."""

STRIDE = 3
"""Characters a token of a part, in which a sentence that is too long is looked at: so each is counted a few times however long it is."""

CountTokens = Callable[[str], int]


class Piece(msgspec.Struct, frozen=True, kw_only=True):
    """A chunk of a document's text. `page` is where it begins, the overlap too, `last_page` where it ends; `start` is the offset in the first
    one's text, in characters, `section` the heading above what is new in it; `overlap` of the `tokens` stand in the chunk before, too."""

    ordinal: int
    page: int
    last_page: int
    start: int
    section: str | None
    tokens: int
    overlap: int
    text: str


class _Unit(msgspec.Struct, frozen=True, kw_only=True):
    """A sentence, or part of one that is too long. `opens`: it belongs to what follows, as a heading or a question does.
    `closes`: its paragraph ends with it."""

    text: str
    tokens: int
    page: int
    start: int
    section: str | None
    opens: bool
    closes: bool


Content = str | Sequence[Block]
"""Of a page: text, whose headings are told by how they look, or blocks that say what they are (parted by blank lines, for offsets)."""


def chunk(
    pages: Iterable[tuple[int, Content]], count_tokens: CountTokens, sizes: ChunkSizes = DEFAULT
) -> list[Piece]:
    """Cut (page number, content) pairs; `sizes` have been checked. Every word of the text is in a chunk, in order; the overlap alone stands twice."""
    pieces: list[Piece] = []
    waiting: list[_Unit] = []
    tokens = carried = 0  # of `waiting`; units at its beginning that the last chunk ended with

    def close(end: int) -> None:
        nonlocal waiting, tokens, carried
        pieces.append(_piece(len(pieces), waiting[:end], carried, count_tokens))
        tail = _tail(waiting[carried:end], sizes.overlap)
        waiting, carried = [*tail, *waiting[end:]], len(tail)
        tokens = sum(each.tokens for each in waiting)

    for unit in _units(pages, count_tokens, sizes):
        if tokens + unit.tokens > sizes.largest:
            close(_cut(waiting, carried, unit, sizes.smallest))
        waiting.append(unit)
        tokens += unit.tokens
    if len(waiting) > carried:
        close(len(waiting))
    return pieces


def _piece(ordinal: int, units: Sequence[_Unit], carried: int, count_tokens: CountTokens) -> Piece:
    text = "".join(unit.text + ("\n" if unit.closes else " ") for unit in units).strip()
    return Piece(
        ordinal=ordinal,
        page=units[0].page,
        last_page=units[-1].page,
        start=units[0].start,
        section=units[carried].section,
        tokens=count_tokens(text),
        overlap=sum(unit.tokens for unit in units[:carried]),
        text=text,
    )


def _cut(units: Sequence[_Unit], carried: int, following: _Unit, smallest: int) -> int:
    """How many units make the best chunk: at least `smallest` tokens, as many as possible among equally good cuts."""
    best, best_rank, tokens = len(units), -1, 0
    for number, (unit, after) in enumerate(zip(units, [*units[1:], following], strict=True), 1):
        tokens += unit.tokens
        rank = _rank(unit, after)
        if tokens >= smallest and number > carried and rank >= best_rank:
            best, best_rank = number, rank
    return best


def _rank(unit: _Unit, after: _Unit) -> int:
    """How good it is to cut between two units."""
    if unit.opens:
        return 0
    if unit.page != after.page and unit.text[-1] in ".!?…。！？":
        return 4
    if after.opens:
        return 3
    return 2 if unit.closes else 1


def _tail(units: Sequence[_Unit], overlap: int) -> list[_Unit]:
    """The last sentences that fit into the overlap, or the last one if it is not much longer; never the whole chunk."""
    kept: list[_Unit] = []
    tokens = 0
    for unit in reversed(units[1:]):
        tokens += unit.tokens
        if tokens > (overlap if kept else 2 * overlap):
            break
        kept.insert(0, unit)
    return kept


def _units(
    pages: Iterable[tuple[int, Content]], count_tokens: CountTokens, sizes: ChunkSizes
) -> Iterator[_Unit]:
    section: str | None = None
    for page, content in pages:
        at = 0
        text = content if isinstance(content, str) else "\n\n".join(block.text for block in content)
        for block in _blocks(content):
            heading = block.kind == "heading"
            if heading:
                section = block.text.lstrip("# ")
            found = _parts(block, count_tokens, sizes)
            for place, part in enumerate(found, 1):
                # The words of the parts are the page's words, one after the other.
                words = part.split()
                start = text.index(words[0], at)
                for word in words:
                    at = text.index(word, at) + len(word)
                closes = place == len(found)
                yield _Unit(
                    text=part,
                    # At least one, so that what is counted as nothing does not gather without end.
                    tokens=max(1, count_tokens(part + "\n" if closes else part)),
                    page=page,
                    start=start,
                    section=section,
                    opens=heading or is_question(part),
                    closes=closes,
                )


def _blocks(content: Content) -> Iterator[Block]:
    if isinstance(content, str):
        for paragraph in paragraphs(content):
            yield Block(text=paragraph, kind="heading" if is_heading(paragraph) else "text")
    else:
        yield from content


def _parts(block: Block, count_tokens: CountTokens, sizes: ChunkSizes) -> list[str]:
    """A row as a whole if it fits, all else sentence by sentence."""
    if block.kind == "row" and _fitting(block.text, count_tokens, sizes) == [block.text]:
        return [block.text]
    return [part for sentence in sentences(block.text) for part in _fitting(sentence, count_tokens, sizes)]


def _fitting(sentence: str, count_tokens: CountTokens, sizes: ChunkSizes) -> list[str]:
    """The sentence, or if it is too long its parts, cut between words so that each fits into the overlap."""
    if len(sentence) < ENDLESS and (
        len(sentence.encode()) < sizes.sentence  # no token is less than a byte
        or count_tokens(sentence) < sizes.sentence
    ):
        return [sentence]
    strides = _strides(sentence, STRIDE * sizes.part)
    return [part for stride in strides for part in _halves(stride, count_tokens, sizes.part)]


def _strides(text: str, most: int) -> Iterator[str]:
    """The text in pieces of at most so many characters, cut between words where there is such a place."""
    at = 0
    while len(text) - at > most:
        space = text.rfind(" ", at + 1, at + most + 1)
        end = space if space > 0 else at + most
        yield text[at:end].strip()
        at = end
    yield text[at:].strip()


def _halves(text: str, count_tokens: CountTokens, tokens: int) -> Iterator[str]:
    if len(text) == 1 or count_tokens(text) < tokens:
        yield text
        return
    middle = text.rfind(" ", 0, len(text) // 2)
    middle = middle if middle > 0 else text.find(" ", len(text) // 2)
    middle = middle if middle > 0 else len(text) // 2
    for half in (text[:middle].strip(), text[middle:].strip()):
        yield from _halves(half, count_tokens, tokens)
