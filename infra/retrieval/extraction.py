"""Uploaded files to chunks, with the built-in model's vectors if wanted, all of it in bounded processes. Implements `application.ports.Extractor`."""

from __future__ import annotations

from array import array
from collections.abc import AsyncIterable, AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from application.ports import Extracted, ExtractedChunk, Progress, TellProgress, untold
from domain.agents.chunk_sizes import ChunkSizes
from domain.base.errors import Invalid, Refused
from domain.retrieval.chunking import DEFAULT
from domain.retrieval.unread import UnreadBecause
from infra.retrieval.formats.media_types import DOCX, HTML, PDF, TEXT
from infra.retrieval.sandbox import Sandbox, Unreadable
from infra.retrieval.sandbox_pipes import SandboxFailed
from infra.retrieval.sniffing import SAMPLE

SNIFFING, PREPARING = "infra.retrieval.sniffing", "infra.retrieval.preparing"
KINDS = {PDF: "PDF", DOCX: "DOCX file", HTML: "page", TEXT: "text"}
"""What a person calls them."""

UNEMBEDDED = "unembedded"
"""Last argument of the preparing module, where no vectors are wanted."""

SNIFF_SECONDS = 5.0
"""Of the processor's time, for a file's type."""


class FileExtractor:
    """PDF, scans too where OCR is installed, DOCX, HTML, Markdown, CSV and plain text."""

    sample = SAMPLE

    def __init__(self, *, seconds: float = 120.0) -> None:
        """`seconds` of the processor's time that one file may take."""
        self._seconds = seconds
        self._sniffing, self._preparing = Sandbox(SNIFFING, at_once=4), Sandbox(PREPARING, at_once=2)

    async def sniff(self, sample: bytes, size: int) -> str:
        try:
            (found,) = await self._sniffing.ask(SNIFFING, _once(sample), str(size), seconds=SNIFF_SECONDS)
        except Unreadable as error:
            raise Invalid(str(error)) from None
        except SandboxFailed as error:
            raise Invalid(f"the file's type could not be told: {error}; save it as UTF-8 or as PDF") from None
        assert isinstance(found, str)
        return found

    async def extract(
        self,
        content: AsyncIterable[bytes],
        media_type: str,
        *,
        sizes: ChunkSizes = DEFAULT,
        embed: bool = True,
        told: TellProgress = untold,
    ) -> Extracted:
        read = _Read()
        try:
            wanted = (str(sizes.smallest), str(sizes.largest), str(sizes.overlap))
            arguments = (media_type, *wanted, *(() if embed else (UNEMBEDDED,)))
            async with self._preparing.run(PREPARING, content, *arguments, seconds=self._seconds) as results:
                async for result in results:
                    if (progress := read.take(result)) is not None:
                        await told(progress)
        except Unreadable as error:
            raise Refused(str(error)) from None
        except SandboxFailed as error:
            kind = KINDS.get(media_type, "file")
            what = "print it to a new PDF" if media_type in (PDF, DOCX) else "split it into smaller files"
            raise Refused(f"the {kind} could not be read: {error}; {what} and upload that") from None
        return Extracted(
            pages=read.pages,
            chunks=read.chunks,
            embedding_ms=round(read.embedding_ms, 3),
            unread=read.unread,
            unread_because=read.because,
            recognised=read.recognised,
        )

    async def close(self) -> None:
        """End the processes."""
        await self._sniffing.close()
        await self._preparing.close()


@dataclass
class _Read:
    """What a child has told until now (`infra/retrieval/preparing.py`)."""

    pages: int = 0
    unread: Sequence[int] = ()
    because: UnreadBecause = ""
    recognised: Sequence[int] = ()
    chunks: list[ExtractedChunk] = field(default_factory=list)
    embedding_ms: float = 0.0

    def take(self, result: Any) -> Progress | None:
        """The next result; how far it is by then, where that tells."""
        match result:
            case ["read", done, of]:
                return Progress(step="reading", done=done, of=of)
            case ["file", pages, unread, because, recognised]:
                self.pages, self.unread, self.because, self.recognised = pages, unread, because, recognised
                return Progress(step="reading", done=pages, of=pages)
            case ["chunks", took, of, some]:
                self.embedding_ms += took
                self.chunks += [_chunk(*each) for each in some]
                return Progress(step="embedding", done=len(self.chunks), of=of)
        raise AssertionError(f"a child told {type(result).__name__}")


def _chunk(
    page: int, last_page: int, section: str | None, tokens: int, text: str, vector: bytes
) -> ExtractedChunk:
    return ExtractedChunk(
        page=page,
        last_page=None if last_page == page else last_page,
        section=section,
        tokens=tokens,
        text=text,
        embedding=array("f", vector),
    )


async def _once(data: bytes) -> AsyncIterator[bytes]:
    yield data
