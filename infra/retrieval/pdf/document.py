"""Text of a PDF, page by page."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pypdfium2
import pypdfium2.raw as pdfium

from infra.retrieval.forking import Unreadable
from infra.retrieval.formats.bounds import MOST_CHARACTERS
from infra.retrieval.pdf.cells import told_apart
from infra.retrieval.pdf.columns import regions
from infra.retrieval.pdf.lines import Line, lines_of
from infra.retrieval.pdf.pictures import PictureReader, is_picture, letters
from infra.retrieval.pdf.repeats import without_repeats
from infra.retrieval.pdf.rows import whole_rows
from infra.retrieval.pdf.runs import runs_of
from infra.retrieval.pdf.writing import Writer

Page = tuple[int, str]
MOST_PAGES = 2_000

SHOWN = {pdfium.FPDF_ANNOT_WIDGET, pdfium.FPDF_ANNOT_FREETEXT, pdfium.FPDF_ANNOT_STAMP}
"""Annotations that show text on the page. Notes that open on a click are their authors' talk, not what the page says."""


@dataclass(slots=True)
class PdfText:
    """(number, text) of each page; `unread`: the numbers of those that show something, but have no text that could be read; `recognised`: of those that OCR read."""

    pages: list[Page] = field(default_factory=list)
    unread: list[int] = field(default_factory=list)
    recognised: list[int] = field(default_factory=list)


def read_pdf(
    content: bytes, ocr: PictureReader | None = None, told: Callable[[int, int], None] = lambda done, of: None
) -> PdfText:
    """At least one page with text. `ocr` reads those that are pictures; `told` hears how many pages are read, and of how many. Raises Unreadable."""
    try:
        document = pypdfium2.PdfDocument(content)
    except pypdfium2.PdfiumError as error:
        if "password" in str(error).lower():
            raise Unreadable(
                "the PDF is protected by a password; remove it and upload the file again"
            ) from None
        raise Unreadable("the PDF is damaged and can't be opened; export it anew and upload that") from None
    try:
        if len(document) > MOST_PAGES:
            raise Unreadable(
                f"the PDF has {len(document)} pages; split it into files of at most {MOST_PAGES}"
            )
        if document.get_formtype() != pdfium.FORMTYPE_NONE:
            document.init_forms()  # makes the looks of filled fields that have none
        read = PdfText()
        left = MOST_CHARACTERS
        for number, text in _texts(document, ocr, read, told):
            left -= len(text)
            if left < 0:
                raise Unreadable("the PDF holds too much text; split it into smaller files")
            read.pages.append((number, text))
    finally:
        document.close()
    if not any(text.strip() for _, text in read.pages):
        raise Unreadable(_no_text(read, ocr))
    return read


def _no_text(read: PdfText, ocr: PictureReader | None) -> str:
    if not read.unread:
        return "the PDF shows nothing; upload one with content"
    again = "run it through a scanner's or an office program's text recognition and upload the result"
    if ocr is None or not ocr.is_there:
        return (
            "the PDF has no text layer, as a scan has none, and OCR is not installed here "
            f"(its operator adds it: pip install '.[ocr]'); {again}"
        )
    if ocr.is_late:
        return "the PDF is a scan that takes too long to read; split it into smaller files"
    return (
        f"the PDF has no text layer, as a scan has none, and no text was recognised in its pictures; {again}"
    )


def _texts(
    document: pypdfium2.PdfDocument,
    ocr: PictureReader | None,
    read: PdfText,
    told: Callable[[int, int], None],
) -> Iterator[Page]:
    """One page after the other is held, and a few pages' lines. What is a picture is put to `read`."""
    writer = Writer()
    for number, lines in enumerate(without_repeats(_pages(document, ocr, read, told), len(document)), 1):
        yield number, writer.text([whole_rows(region) for each in lines for region in regions(each)])


def _pages(
    document: pypdfium2.PdfDocument,
    ocr: PictureReader | None,
    read: PdfText,
    told: Callable[[int, int], None],
) -> Iterator[list[list[Line]]]:
    """Of each page the lines from its top to its foot, by the direction of writing."""
    for number in range(1, len(document) + 1):
        told(number - 1, len(document))
        try:
            page = document[number - 1]
            try:
                if _shows_annotations(page):
                    pdfium.FPDFPage_Flatten(page, pdfium.FLAT_NORMALDISPLAY)
                    page.close()
                    page = document[number - 1]
                runs = runs_of(page)
                if is_picture(page, runs):
                    recognised = ocr.read(page) if ocr else []
                    if len(recognised) and letters([recognised]) > letters(runs):
                        runs = [recognised]
                        read.recognised.append(number)
                    elif not runs or ocr is None or not ocr.is_there or ocr.is_late:
                        read.unread.append(number)
                found = [told_apart(lines_of(each)) for each in runs]
            finally:
                page.close()
        except pypdfium2.PdfiumError:
            raise Unreadable(f"page {number} of the PDF is damaged; export it anew and upload that") from None
        yield found


def _shows_annotations(page: pypdfium2.PdfPage) -> bool:
    for place in range(pdfium.FPDFPage_GetAnnotCount(page)):
        annotation = pdfium.FPDFPage_GetAnnot(page, place)
        kind = pdfium.FPDFAnnot_GetSubtype(annotation)
        pdfium.FPDFPage_CloseAnnot(annotation)
        if kind in SHOWN:
            return True
    return False
