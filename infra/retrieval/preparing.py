"""A file to chunks with their vectors: extracted, cut, embedded; in the sandbox, for each of it takes long on some input."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO

import msgspec
import numpy as np

from domain.agents.chunk_sizes import ChunkSizes
from domain.retrieval.chunking import Content, chunk
from domain.retrieval.unread import UnreadBecause
from infra.retrieval.embedding import WordLlamaEmbedder
from infra.retrieval.encoding import decoded
from infra.retrieval.forking import Tell, Unreadable
from infra.retrieval.formats.comma_separated import table_blocks
from infra.retrieval.formats.markdown import markdown_markup
from infra.retrieval.formats.markup import blocks_of
from infra.retrieval.formats.media_types import CSV, DOCX, HTML, MARKDOWN, PDF, TEXT
from infra.retrieval.formats.web_page import page_text
from infra.retrieval.formats.word import docx_markup
from infra.retrieval.ocr import Scans
from infra.retrieval.pdf import read_pdf

AT_ONCE = 32
"""Chunks that are embedded, and told, together."""

EVERY = 0.5
"""Seconds between two words on how many pages are read."""

EMBEDDER = WordLlamaEmbedder()


def warm() -> None:
    """Load what every child needs."""
    EMBEDDER.load()
    EMBEDDER.vectors(["a text"])


def pages_of(content: bytes, media_type: str) -> Sequence[tuple[int, Content]]:
    """All pages, at least one with text; what is no PDF is one page. Raises Unreadable."""
    return read_file(content, media_type).pages


@dataclass(frozen=True, slots=True)
class FileText:
    """The pages of a file; the numbers of those that could not be read, why, and of those that OCR read."""

    pages: Sequence[tuple[int, Content]]
    unread: Sequence[int] = ()
    because: UnreadBecause = ""
    recognised: Sequence[int] = ()


def read_file(
    content: bytes,
    media_type: str,
    ocr: Scans | None = None,
    told: Callable[[int, int], None] = lambda done, of: None,
) -> FileText:
    """`ocr` reads pages that are pictures; `told` hears how many of how many pages are read. Raises Unreadable."""
    if media_type == PDF:
        read = read_pdf(content, ocr, told)
        because: UnreadBecause = ""
        if read.unread and ocr is not None:
            because = "late" if ocr.is_late else "" if ocr.is_there else "no_ocr"
        return FileText(read.pages, read.unread, because, read.recognised)
    if media_type == DOCX:
        page: Content = blocks_of(docx_markup(content))
    else:
        text = page_text(content) if media_type == HTML else decoded(content)
        if text is None:
            raise Unreadable("the text's encoding is unknown; save it as UTF-8 and upload it again")
        page = _blocks(text, media_type)
    if not (page.strip() if isinstance(page, str) else page):
        raise Unreadable("the file has no text; upload one with content")
    return FileText([(1, page)])


def _blocks(text: str, media_type: str) -> Content:
    if media_type == HTML:
        return blocks_of(text)
    if media_type == MARKDOWN:
        return blocks_of(markdown_markup(text))
    if media_type == CSV:
        return table_blocks(text)
    if media_type != TEXT:
        raise Unreadable(f"files of type {media_type} can't be read any more; save it as PDF and upload that")
    return text


class ReadTold(msgspec.Struct, frozen=True, tag="read", array_like=True):
    """Pages that are read, and of how many."""

    done: int
    of: int


class FileTold(msgspec.Struct, frozen=True, tag="file", array_like=True):
    """The number of pages, which of them could not be read, why, and which OCR read."""

    pages: int
    unread: Sequence[int]
    because: UnreadBecause
    recognised: Sequence[int]


class ChunksTold(msgspec.Struct, frozen=True, tag="chunks", array_like=True):
    """The next of `of` chunks, and the milliseconds that embedding them took: (page, last page, section, tokens, text, vector), vectors as float32 in the machine's order."""

    took: float
    of: int
    chunks: Sequence[tuple[int, int, str | None, int, str, bytes]]


def work(given: BinaryIO, arguments: Sequence[str], tell: Tell) -> Iterator[object]:
    """`arguments`: the media type, the sizes of chunks (smallest, largest, overlap); one more where no vectors are wanted, which then are empty. ReadTold now and then, FileTold, then ChunksTold with AT_ONCE chunks a time."""
    last = float("-inf")

    def told(done: int, of: int) -> None:
        nonlocal last
        if time.monotonic() - last >= EVERY:
            tell(ReadTold(done, of))
            last = time.monotonic()

    media_type, smallest, largest, overlap, *unembedded = arguments
    sizes = ChunkSizes(smallest=int(smallest), largest=int(largest), overlap=int(overlap))
    read = read_file(given.read(), media_type, Scans(), told)
    yield FileTold(len(read.pages), read.unread, read.because, read.recognised)
    pieces = chunk(read.pages, EMBEDDER.count_tokens, sizes)
    for start in range(0, len(pieces), AT_ONCE):
        some = pieces[start : start + AT_ONCE]
        started = time.perf_counter()
        vectors = [b""] * len(some)
        if not unembedded:
            made = EMBEDDER.vectors([piece.text for piece in some]).astype(np.float32)
            vectors = [vector.tobytes() for vector in made]
        took = 1000 * (time.perf_counter() - started)
        chunks = [
            (piece.page, piece.last_page, piece.section, piece.tokens, piece.text, vector)
            for piece, vector in zip(some, vectors, strict=True)
        ]
        yield ChunksTold(took, len(pieces), chunks)
