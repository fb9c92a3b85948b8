"""Text of a PDF, page by page; in the sandbox."""

from __future__ import annotations

import pypdfium2

from infra.retrieval.forking import Unreadable

Page = tuple[int, str]
MOST_PAGES = 2_000
MOST_CHARACTERS = 10_000_000


def pdf_pages(content: bytes) -> list[Page]:
    """(number, text) of each page, at least one with text. Raises Unreadable."""
    try:
        document = pypdfium2.PdfDocument(content)
    except pypdfium2.PdfiumError as error:
        if "password" in str(error).lower():
            raise Unreadable(
                "the PDF is protected by a password; remove it and upload the file again"
            ) from None
        raise Unreadable("the PDF is damaged and can't be opened; export it anew and upload that") from None
    if len(document) > MOST_PAGES:
        raise Unreadable(f"the PDF has {len(document)} pages; split it into files of at most {MOST_PAGES}")
    pages: list[Page] = []
    left = MOST_CHARACTERS
    for number in range(1, len(document) + 1):
        text = _text(document, number)
        left -= len(text)
        if left < 0:
            raise Unreadable("the PDF holds too much text; split it into smaller files")
        pages.append((number, text))
    if not any(text.strip() for _, text in pages):
        raise Unreadable(
            "the PDF has no text layer, as a scan has none; OCR is not available yet: "
            "run it through a scanner's or an office program's text recognition and upload the result"
        )
    return pages


def _text(document: pypdfium2.PdfDocument, number: int) -> str:
    try:
        page = document[number - 1]
        text: str = page.get_textpage().get_text_bounded()
        page.close()
    except pypdfium2.PdfiumError:
        raise Unreadable(f"page {number} of the PDF is damaged; export it anew and upload that") from None
    # U+FFFE and U+0002 stand where a word was hyphenated at the end of a line.
    for hyphen in ("\ufffe\r\n", "\ufffe", "\x02\r\n", "\x02"):
        text = text.replace(hyphen, "")
    return text.replace("\r\n", "\n").replace("\x00", "")
