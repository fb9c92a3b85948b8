"""Pages that are pictures, as scans are, and what reads them."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from typing import Protocol

import pypdfium2
import pypdfium2.raw as pdfium

from infra.retrieval.pdf.runs import Run

STAMP = 100
"""Letters at most that a program put on a scan, as its page's number."""
SHARE = 0.5
"""Of the page, that its pictures cover."""


class PictureReader(Protocol):
    """OCR of one document's pages."""

    is_there: bool
    """Whether there is anything that reads."""
    is_late: bool
    """Its time for this document was over before all were read."""

    def read(self, page: pypdfium2.PdfPage) -> list[Run]:
        """What stands on the page; nothing if it can't be read."""


def is_picture(page: pypdfium2.PdfPage, runs: Sequence[Sequence[Run]]) -> bool:
    """Whether a page shows something and has no text, or no more than a stamp on a picture."""
    count = pdfium.FPDFPage_CountObjects(page)
    if not runs:
        return bool(count)
    if letters(runs) > STAMP:
        return False
    return _covered(page, count) >= SHARE


def letters(runs: Sequence[Sequence[Run]]) -> int:
    return sum(len(run.text) for direction in runs for run in direction)


def _covered(page: pypdfium2.PdfPage, count: int) -> float:
    """The part of the page that lies under pictures."""
    left, bottom, right, top = (ctypes.c_float() for _ in range(4))
    area = 0.0
    for place in range(count):
        handle = pdfium.FPDFPage_GetObject(page, place)
        if pdfium.FPDFPageObj_GetType(handle) in (pdfium.FPDF_PAGEOBJ_IMAGE, pdfium.FPDF_PAGEOBJ_FORM):
            pdfium.FPDFPageObj_GetBounds(handle, left, bottom, right, top)
            area += abs(right.value - left.value) * abs(top.value - bottom.value)
    width, height = page.get_size()
    return area / max(float(width) * float(height), 1.0)
