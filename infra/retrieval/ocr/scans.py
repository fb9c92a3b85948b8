"""Scans: pages that are pictures, read one after the other."""

from __future__ import annotations

import re
import time
from statistics import median
from typing import Any

import pypdfium2
import pypdfium2.raw as pdfium

from infra.retrieval.ocr.apart import apart
from infra.retrieval.ocr.words import Word, is_installed, load, words_of
from infra.retrieval.pdf.runs import Run

PIXELS = 2000
"""Of a page's longer side: A4 at 170 dots an inch."""
FINEST = 4.0
"""Pixels a point at most, for small pages."""
PAGE_SECONDS = 60
"""Of the processor's time, for one page; a full one takes about ten."""
DOCUMENT_SECONDS = 600.0
"""By the clock, for all pages of a document; the bound of the sandbox is 1,200."""
MARGIN = 0.2
"""How far the found bounds of a text go beyond its letters, in their heights."""
LETTERS = 0.6
"""The height of letters, in that of the found bounds."""
_WORD = re.compile(r"[^\W\d_]{2}")


class Scans:
    """Reads the pages of one document. `is_late`: its time was over before all were read."""

    def __init__(
        self, *, page_seconds: int = PAGE_SECONDS, document_seconds: float = DOCUMENT_SECONDS
    ) -> None:
        self.is_there = is_installed()
        self.is_late = False
        self._page_seconds, self._document_seconds = page_seconds, document_seconds
        self._until: float | None = None
        self._engine: Any = None

    def read(self, page: pypdfium2.PdfPage) -> list[Run]:
        """What stands on a page, in points as it is looked at; nothing if it can't be read, or holds no word in a script that can."""
        if not self.is_there:
            return []
        if self._until is None:
            self._until = time.monotonic() + self._document_seconds
        left = self._until - time.monotonic()
        if left <= 0:
            self.is_late = True
            return []
        if self._engine is None:
            self._engine = load()
        words = apart(lambda: self._words(page), list[Word], seconds=self._page_seconds, patience=left)
        if not words or not any(_WORD.search(word.text) for word in words):
            return []  # of letters it does not know it makes digits and dots
        return _runs(words, _scale(page), page.get_height())

    def _words(self, page: pypdfium2.PdfPage) -> list[Word]:
        bitmap = page.render(
            scale=_scale(page), force_bitmap_format=pdfium.FPDFBitmap_BGR, may_draw_forms=False
        )
        return words_of(self._engine, bitmap.to_numpy())


def _scale(page: pypdfium2.PdfPage) -> float:
    return float(min(FINEST, PIXELS / max(*page.get_size(), 1.0)))


def _runs(words: list[Word], scale: float, height: float) -> list[Run]:
    usual = median(word.height for word in words)
    runs = []
    for order, word in enumerate(words, 1):
        # Measured heights differ by a few pixels: what is nearly as high as most is as high.
        high = usual if 0.65 < word.height / usual < 1.5 else word.height
        margin = min(MARGIN * high, (word.x1 - word.x0) / 4)
        x0, x1 = (word.x0 + margin) / scale, (word.x1 - margin) / scale
        y = height - (word.y0 + word.y1) / 2 / scale
        runs.append(Run(word.text, x0, x1, y, LETTERS * high / scale, order, False, False))
    return runs
