"""Text out of uploaded files. Types are told by content, never by name."""

from __future__ import annotations

from collections.abc import Sequence

from application.ports import ExtractedPage
from domain.errors import Invalid, Refused
from infra.retrieval import sandbox

PDF, TEXT = "application/pdf", "text/plain"
MOST_PAGES = 2_000
MOST_CHARACTERS = 20_000_000
SECONDS = 60.0
"""Time that one PDF may take."""

_BOMS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))


class FileExtractor:
    """PDF with a text layer, and plain text."""

    def sniff(self, content: bytes) -> str:
        if not content.strip():
            raise Invalid("the file is empty; upload one with content")
        if b"%PDF-" in content[:1024]:
            return PDF
        if _decoded(content) is not None:
            return TEXT
        raise Invalid("the file is neither a PDF nor plain text; these two types can be read")

    async def extract(self, content: bytes, media_type: str) -> Sequence[ExtractedPage]:
        if media_type == TEXT:
            text = _decoded(content)
            if text is None:
                raise Refused("the text's encoding is unknown; save it as UTF-8 and upload it again")
            pages = [(1, text)]
        else:
            try:
                limits = str(MOST_PAGES), str(MOST_CHARACTERS)
                pages = await sandbox.run("infra.retrieval.pdf", content, *limits, seconds=SECONDS)
            except sandbox.SandboxRefused as error:
                raise Refused(str(error)) from None
            except sandbox.SandboxFailed as error:
                raise Refused(
                    f"the PDF could not be read: {error}; print it to a new PDF and upload that"
                ) from None
        if not any(text.strip() for _, text in pages):
            if media_type == PDF:
                raise Refused("the PDF has no text layer, as a scan has none; upload a searchable PDF")
            raise Refused("the file has no text")
        return [ExtractedPage(number, text) for number, text in pages]


def _decoded(content: bytes) -> str | None:
    """The text, or None for what is none. Without a mark it is UTF-8, or else Windows-1252."""
    for mark, encoding in _BOMS:
        if content.startswith(mark):
            try:
                return content.decode(encoding)
            except UnicodeDecodeError:
                return None
    if b"\x00" in content:
        return None
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        pass
    controls = sum(byte < 32 and byte not in b"\t\n\r\f" for byte in content)
    if controls > len(content) // 100:
        return None
    try:
        return content.decode("cp1252")
    except UnicodeDecodeError:
        return None
