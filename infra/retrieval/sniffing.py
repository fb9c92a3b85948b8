"""The type of a file by how it begins, never by its name; in the sandbox, as guessing an encoding takes long."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import BinaryIO

from infra.retrieval.encoding import decoded
from infra.retrieval.forking import Tell, Unreadable
from infra.retrieval.formats.media_types import PDF, TEXT
from infra.retrieval.formats.signatures import packed_type
from infra.retrieval.formats.text_kinds import kind_of_text

SAMPLE = 64 * 1024
"""Bytes of a file's beginning that are enough."""


def media_type(sample: bytes, size: int) -> str:
    """Of a file of `size` bytes that begins with `sample`. Raises Unreadable."""
    cut = size > len(sample)
    if not sample.strip():
        if not cut:
            raise Unreadable("the file is empty; upload one with content")
        return TEXT
    if sample.lstrip()[:5] == b"%PDF-":
        return PDF
    if (packed := packed_type(sample)) is not None:
        return packed
    if (text := decoded(sample, cut=cut)) is not None:
        return kind_of_text(text, cut=cut)
    if b"%PDF-" in sample[:1024]:  # readers allow for something before the header
        return PDF
    raise Unreadable(
        "the file is of no type that can be read: those are PDF, DOCX, HTML, Markdown, CSV and plain text"
    )


def work(given: BinaryIO, arguments: Sequence[str], tell: Tell) -> Iterator[str]:
    """`arguments`: the file's size."""
    yield media_type(given.read(), int(arguments[0]))
