"""A file to chunks with their vectors: extracted, cut, embedded; in the sandbox, for each of it takes long on some input."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from typing import BinaryIO

import numpy as np

from domain.retrieval.chunking import chunk
from infra.retrieval.embedding import WordLlamaEmbedder
from infra.retrieval.encoding import decoded
from infra.retrieval.forking import Unreadable
from infra.retrieval.pdf import Page, pdf_pages
from infra.retrieval.sniffing import PDF, TEXT

AT_ONCE = 32
"""Chunks that are embedded, and told, together."""

EMBEDDER = WordLlamaEmbedder()


def warm() -> None:
    """Load what every child needs."""
    EMBEDDER.load()
    EMBEDDER.vectors(["a text"])


def pages_of(content: bytes, media_type: str) -> list[Page]:
    """All pages, at least one with text; plain text is one page. Raises Unreadable."""
    if media_type == PDF:
        return pdf_pages(content)
    if media_type != TEXT:
        raise Unreadable(f"files of type {media_type} can't be read; upload a PDF or plain text")
    text = decoded(content)
    if text is None:
        raise Unreadable("the text's encoding is unknown; save it as UTF-8 and upload it again")
    if not text.strip():
        raise Unreadable("the file has no text; upload one with content")
    return [(1, text)]


def work(given: BinaryIO, arguments: Sequence[str]) -> Iterator[object]:
    """`arguments`: the media type. First the number of pages, then AT_ONCE chunks a time, with the milliseconds that embedding them took:
    (page, section, tokens, text, vector), vectors as float32 in the machine's order."""
    pages = pages_of(given.read(), arguments[0])
    yield len(pages)
    pieces = chunk(pages, EMBEDDER.count_tokens)
    for start in range(0, len(pieces), AT_ONCE):
        some = pieces[start : start + AT_ONCE]
        started = time.perf_counter()
        vectors = EMBEDDER.vectors([piece.text for piece in some]).astype(np.float32)
        took = 1000 * (time.perf_counter() - started)
        chunks = [
            (piece.page, piece.section, piece.tokens, piece.text, vector.tobytes())
            for piece, vector in zip(some, vectors, strict=True)
        ]
        yield took, chunks
