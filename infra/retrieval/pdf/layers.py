"""Layers (optional content) of a page: whether what is on one is shown.

pdfium draws by them and has no other way to ask. So the objects of a layer are drawn alone, and it is off if that leaves no trace.
"""

from __future__ import annotations

import ctypes
from typing import Any

import pypdfium2
import pypdfium2.raw as pdfium

SIDE = 400
"""Pixels of the longer side that a layer is drawn with."""


class Layers:
    def __init__(self, page: pypdfium2.PdfPage) -> None:
        self._page = page
        self._known: dict[str, bool] = {}

    def shows(self, handle: Any) -> bool:
        """Whether a text object is on no layer that is off."""
        count = pdfium.FPDFPageObj_CountMarks(handle)
        return count <= 0 or all(
            self._is_on(name)
            for name in (_layer(handle, place) for place in range(count))
            if name is not None
        )

    def _is_on(self, name: str) -> bool:
        if name not in self._known:
            self._known[name] = self._leaves_a_trace(name)
        return self._known[name]

    def _leaves_a_trace(self, name: str) -> bool:
        page = self._page
        hidden = []
        for place in range(pdfium.FPDFPage_CountObjects(page)):
            handle = pdfium.FPDFPage_GetObject(page, place)
            if name not in [_layer(handle, mark) for mark in range(pdfium.FPDFPageObj_CountMarks(handle))]:
                pdfium.FPDFPageObj_SetIsActive(handle, False)
                hidden.append(handle)
        try:
            width, height = page.get_size()
            bitmap = page.render(
                scale=SIDE / max(width, height, 1),
                fill_color=(0, 0, 0, 0),
                force_bitmap_format=pdfium.FPDFBitmap_BGRA,
                may_draw_forms=False,
                draw_annots=False,
            )
            return any(bytes(bitmap.buffer))
        finally:
            for handle in hidden:
                pdfium.FPDFPageObj_SetIsActive(handle, True)


def _layer(handle: Any, place: int) -> str | None:
    """The layer's name, where the mark is one of a layer."""
    mark = pdfium.FPDFPageObj_GetMark(handle, place)
    if _string(lambda *out: pdfium.FPDFPageObjMark_GetName(mark, *out)) != "OC":
        return None
    return _string(lambda *out: pdfium.FPDFPageObjMark_GetParamStringValue(mark, b"Name", *out))


def _string(ask: Any) -> str:
    length = ctypes.c_ulong()
    buffer = ctypes.create_string_buffer(512)
    pointer = ctypes.cast(buffer, ctypes.POINTER(pdfium.FPDF_WCHAR))
    if not ask(pointer, len(buffer), length):
        return ""
    return buffer.raw[: max(0, length.value - 2)].decode("utf-16-le", "replace")
