"""Text out of uploaded files. Types are told by content, never by name. Implements `application.ports.Extractor`."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from application.ports import ExtractedPage
from domain.document import LARGEST
from domain.errors import Invalid, Refused
from infra.retrieval import sandbox
from infra.retrieval.encoding import decoded

PDF, TEXT = "application/pdf", "text/plain"
MOST_PAGES = 2_000
MOST_CHARACTERS = 10_000_000
AT_A_TIME = 2
"""PDFs that one process reads at the same time; the others wait."""


class FileExtractor:
    """PDF with a text layer, and plain text."""

    def __init__(self, *, seconds: float = 60.0) -> None:
        """`seconds`: time that one PDF may take."""
        self._seconds = seconds
        self._free = asyncio.Semaphore(AT_A_TIME)

    def sniff(self, content: bytes) -> str:
        if len(content) > LARGEST:
            raise Invalid(f"the file has {len(content)} bytes; at most {LARGEST} are taken")
        if not content.strip():
            raise Invalid("the file is empty; upload one with content")
        if content.lstrip()[:5] == b"%PDF-":
            return PDF
        if decoded(content) is not None:
            return TEXT
        if b"%PDF-" in content[:1024]:  # readers allow for something before the header
            return PDF
        raise Invalid("the file is neither a PDF nor plain text; these two types can be read")

    async def extract(self, content: bytes, media_type: str) -> Sequence[ExtractedPage]:
        """All pages, at least one with text; plain text is one page. Raises Refused, Unavailable."""
        if len(content) > LARGEST:
            raise Refused(f"the file has {len(content)} bytes; at most {LARGEST} are read")
        if media_type == PDF:
            return await self._pdf(content)
        if media_type != TEXT:
            raise Refused(f"files of type {media_type} can't be read; upload a PDF or plain text")
        text = await asyncio.to_thread(decoded, content)
        if text is None:
            raise Refused("the text's encoding is unknown; save it as UTF-8 and upload it again")
        if not text.strip():
            raise Refused("the file has no text; upload one with content")
        return [ExtractedPage(1, text)]

    async def _pdf(self, content: bytes) -> Sequence[ExtractedPage]:
        limits = str(MOST_PAGES), str(MOST_CHARACTERS)
        try:
            async with self._free:
                pages = await sandbox.run("infra.retrieval.pdf", content, *limits, seconds=self._seconds)
        except sandbox.Unreadable as error:
            raise Refused(str(error)) from None
        except sandbox.SandboxFailed as error:
            raise Refused(
                f"the PDF could not be read: {error}; print it to a new PDF and upload that"
            ) from None
        if not any(text.strip() for _, text in pages):
            raise Refused(
                "the PDF has no text layer, as a scan has none; OCR is not available yet: "
                "run it through a scanner's or an office program's text recognition and upload the result"
            )
        return [ExtractedPage(number, text) for number, text in pages]
