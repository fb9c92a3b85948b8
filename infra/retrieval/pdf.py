"""Text of a PDF, page by page, in the sandbox: `python -m infra.retrieval.pdf SECONDS MOST_PAGES MOST_CHARACTERS < file`."""

from __future__ import annotations

from collections.abc import Sequence

import pypdfium2

from infra.retrieval.sandbox import Unreadable, answer

Page = tuple[int, str]


def pdf_pages(content: bytes, most_pages: int, most_characters: int) -> list[Page]:
    """(number, text) of each page. Raises Unreadable."""
    try:
        document = pypdfium2.PdfDocument(content)
    except pypdfium2.PdfiumError as error:
        if "password" in str(error).lower():
            raise Unreadable(
                "the PDF is protected by a password; remove it and upload the file again"
            ) from None
        raise Unreadable("the PDF is damaged and can't be opened; export it anew and upload that") from None
    if len(document) > most_pages:
        raise Unreadable(f"the PDF has {len(document)} pages; split it into files of at most {most_pages}")
    pages: list[Page] = []
    for number in range(1, len(document) + 1):
        text = _text(document, number)
        most_characters -= len(text)
        if most_characters < 0:
            raise Unreadable("the PDF holds too much text; split it into smaller files")
        pages.append((number, text))
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


def _work(content: bytes, limits: Sequence[str]) -> list[Page]:
    return pdf_pages(content, int(limits[0]), int(limits[1]))


if __name__ == "__main__":
    answer(_work)
