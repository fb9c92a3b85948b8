"""Text of a PDF, page by page: `python -m infra.retrieval.pdf MOST_PAGES MOST_CHARACTERS < file`, for the sandbox."""

from __future__ import annotations

import sys

import msgspec
import pypdfium2

from infra.retrieval.sandbox import limit_memory


class Unreadable(Exception):
    """`args[0]` says why, for a person."""


def pdf_pages(content: bytes, most_pages: int, most_characters: int) -> list[tuple[int, str]]:
    """(number, text) of each page. Raises Unreadable."""
    try:
        document = pypdfium2.PdfDocument(content)
    except pypdfium2.PdfiumError as error:
        if "password" in str(error).lower():
            raise Unreadable(
                "the PDF is protected by a password; remove it and upload the file again"
            ) from None
        raise Unreadable(
            "the PDF is damaged and can't be opened; export it anew and upload it again"
        ) from None
    if len(document) > most_pages:
        raise Unreadable(f"the PDF has {len(document)} pages; split it into files of at most {most_pages}")
    pages, characters = [], 0
    for number in range(len(document)):
        text = document[number].get_textpage().get_text_bounded().replace("\r\n", "\n").replace("\x00", "")
        characters += len(text)
        if characters > most_characters:
            raise Unreadable(f"the PDF holds more than {most_characters:,} characters of text; split it")
        pages.append((number + 1, text))
    return pages


def main() -> None:
    limit_memory()
    try:
        answer: dict[str, object] = {
            "result": pdf_pages(sys.stdin.buffer.read(), int(sys.argv[1]), int(sys.argv[2]))
        }
    except Unreadable as error:
        answer = {"refused": str(error)}
    sys.stdout.buffer.write(msgspec.json.encode(answer))


if __name__ == "__main__":
    main()
