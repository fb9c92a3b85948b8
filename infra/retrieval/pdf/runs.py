"""Runs: the text objects of a page, with their places."""

from __future__ import annotations

import ctypes
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pypdfium2
import pypdfium2.raw as pdfium

from infra.retrieval.pdf.figures import FIGURES, as_drawn
from infra.retrieval.pdf.layers import Layers

DEPTH = 8
"""Forms within forms that are looked into."""

SHORT = 8
"""Letters of a text that may be a part of a word or number."""

RTL = re.compile("[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")
"""Letters that are written from right to left."""

Matrix = tuple[float, float, float, float, float, float]
IDENTITY: Matrix = (1, 0, 0, 1, 0, 0)


@dataclass(slots=True)
class Run:
    """A text object in the coordinates of its direction of writing, in points: x goes with the text, y up. `y` is of the baseline, `order` its
    place in the page's drawing. `before`, `after`: it begins, ends with white space. Texts with letters from right to left are as they
    look, from left to right."""

    text: str
    x0: float
    x1: float
    y: float
    size: float
    order: int
    before: bool
    after: bool


def runs_of(page: pypdfium2.PdfPage) -> list[list[Run]]:
    """By the direction of writing, that with the most text first. Without what the page does not show: outside its crop box, on layers that
    are switched off."""
    text_page = page.get_textpage()
    try:
        return _Reader(page, text_page).runs()
    finally:
        text_page.close()


class _Reader:
    def __init__(self, page: pypdfium2.PdfPage, text_page: pypdfium2.PdfTextPage) -> None:
        self._page, self._text_page = page, text_page
        self._crop = page.get_bbox()  # boxes that the page has from its parent count too
        self._matrix = pdfium.FS_MATRIX()
        self._size = ctypes.c_float()
        self._bounds = [ctypes.c_float() for _ in range(4)]
        self._hold(8192)
        self._width = ctypes.c_float()
        self._widths: dict[tuple[int, str], float] = {}
        self._visual: dict[int, list[tuple[float, float, str]]] | None = None

    def runs(self) -> list[list[Run]]:
        directions: dict[int, list[Run]] = {}
        order = 0
        layers = Layers(self._page)
        for handle, matrix in self._texts():
            if (text := self._text(handle)) and layers.shows(handle):
                order += 1
                self._add(handle, text, matrix, order, directions)
        return sorted(directions.values(), key=lambda runs: -sum(len(run.text) for run in runs))

    def _texts(self) -> Iterator[tuple[Any, Matrix]]:
        count, get = pdfium.FPDFPage_CountObjects, pdfium.FPDFPage_GetObject
        yield from self._within(self._page, count, get, IDENTITY, DEPTH)

    def _within(
        self, holder: Any, count: Any, get: Any, matrix: Matrix, depth: int
    ) -> Iterator[tuple[Any, Matrix]]:
        for place in range(count(holder)):
            handle = get(holder, place)
            kind = pdfium.FPDFPageObj_GetType(handle)
            if kind == pdfium.FPDF_PAGEOBJ_TEXT:
                yield handle, matrix
            elif kind == pdfium.FPDF_PAGEOBJ_FORM and depth:
                inner = _times(self._matrix_of(handle), matrix)
                count_in, get_in = pdfium.FPDFFormObj_CountObjects, pdfium.FPDFFormObj_GetObject
                yield from self._within(handle, count_in, get_in, inner, depth - 1)

    def _add(
        self, handle: Any, text: str, outer: Matrix, order: int, directions: dict[int, list[Run]]
    ) -> None:
        own = self._matrix_of(handle)
        a, b, c, d, e, f = own if outer is IDENTITY else _times(own, outer)
        left, bottom, right, top = self._bounds_of(handle, outer)
        stripped = text.strip()
        across, up = (left + right) / 2, (bottom + top) / 2
        x_from, y_from, x_to, y_to = self._crop
        if not (stripped and x_from <= across <= x_to and y_from <= up <= y_to):
            return
        length = math.hypot(a, b)
        if not length:
            return
        pdfium.FPDFTextObj_GetFontSize(handle, self._size)
        size = self._size.value * math.hypot(c, d)
        angle = round(math.degrees(math.atan2(b, a))) % 360
        cos, sin = a / length, b / length
        x0, y = e * cos + f * sin, f * cos - e * sin
        x1 = right if angle == 0 else max(x * cos + v * sin for x in (left, right) for v in (bottom, top))
        # The bounds are those of the ink: a 1 ends long before the place of the next digit.
        if len(stripped) <= SHORT:
            advanced = x0 + length * self._advance(handle, text.rstrip())
            if abs(advanced - x1) < 0.25 * size:
                x1 = max(x1, advanced)
        if text[0].isspace():
            x0 = left if angle == 0 else min(x * cos + v * sin for x in (left, right) for v in (bottom, top))
        if not stripped.isascii() and RTL.search(stripped):
            stripped = self._as_it_looks(handle, stripped, a, b)
        if FIGURES.fullmatch(stripped) and size:
            inks = [x * -sin + v * cos for x in (left, right) for v in (bottom, top)]
            y, size = as_drawn(y, size, min(inks), max(inks))
        run = Run(stripped, x0, x1, y, size or 1.0, order, text[0].isspace(), text[-1].isspace())
        directions.setdefault(angle, []).append(run)

    def _advance(self, handle: Any, text: str) -> float:
        """The text's width by its font, in units of its matrix."""
        font = pdfium.FPDFTextObj_GetFont(handle)
        address = _address(font)
        total = 0.0
        for letter in text:
            width = self._widths.get((address, letter))
            if width is None:
                pdfium.FPDFFont_GetGlyphWidth(font, ord(letter), 1000.0, self._width)
                width = self._widths[address, letter] = self._width.value / 1000
            total += width
        return total * self._size.value

    def _text(self, handle: Any) -> str:
        size = pdfium.FPDFTextObj_GetText(handle, self._text_page, self._pointer, len(self._buffer))
        if size > len(self._buffer):
            self._hold(size)
            return self._text(handle)
        text = ctypes.string_at(self._buffer, max(0, size - 2)).decode("utf-16-le", "replace")
        if text.isascii() and text.isprintable():
            return text
        # U+FFFE and U+0002 stand where a hyphen ends a line.
        text = text.replace("\ufffe", "-").replace("\x02", "-")
        return "".join(each for each in text if each >= " ")

    def _hold(self, size: int) -> None:
        self._buffer = ctypes.create_string_buffer(size)
        self._pointer = ctypes.cast(self._buffer, ctypes.POINTER(pdfium.FPDF_WCHAR))

    def _as_it_looks(self, handle: Any, text: str, a: float, b: float) -> str:
        """From left to right; pdfium turns it by rules that tear numbers apart."""
        if self._visual is None:
            self._visual = {}
            x, y = ctypes.c_double(), ctypes.c_double()
            for place in range(pdfium.FPDFText_CountChars(self._text_page)):
                owner = pdfium.FPDFText_GetTextObject(self._text_page, place)
                pdfium.FPDFText_GetCharOrigin(self._text_page, place, x, y)
                letter = chr(pdfium.FPDFText_GetUnicode(self._text_page, place))
                if owner:
                    self._visual.setdefault(_address(owner), []).append((x.value, y.value, letter))
        letters = self._visual.get(_address(handle), [])
        return "".join(letter for *_, letter in sorted(letters, key=lambda at: at[0] * a + at[1] * b)) or text

    def _matrix_of(self, handle: Any) -> Matrix:
        m = self._matrix
        pdfium.FPDFPageObj_GetMatrix(handle, m)
        return m.a, m.b, m.c, m.d, m.e, m.f

    def _bounds_of(self, handle: Any, outer: Matrix) -> tuple[float, float, float, float]:
        pdfium.FPDFPageObj_GetBounds(handle, *self._bounds)
        left, bottom, right, top = (each.value for each in self._bounds)
        if outer is IDENTITY:
            return left, bottom, right, top
        a, b, c, d, e, f = outer
        points = [(x * a + y * c + e, x * b + y * d + f) for x in (left, right) for y in (bottom, top)]
        across, up = [x for x, _ in points], [y for _, y in points]
        return min(across), min(up), max(across), max(up)


def _address(handle: Any) -> int:
    return ctypes.addressof(handle.contents)


def _times(first: Matrix, second: Matrix) -> Matrix:
    a, b, c, d, e, f = first
    g, h, i, j, k, n = second
    return (
        a * g + b * i,
        a * h + b * j,
        c * g + d * i,
        c * h + d * j,
        e * g + f * i + k,
        e * h + f * j + n,
    )
