"""DOCX (Office Open XML) to HTML, with bounds on what it unpacks to."""

from __future__ import annotations

import re
import zipfile
from io import BytesIO
from xml.parsers.expat import ExpatError

import mammoth

from infra.retrieval.forking import Unreadable

UNPACKED = 100 * 1024**2
"""Bytes of all parts together."""

PARTS = 10_000
DOCUMENT = re.compile(r"word/document\d*\.xml")

STYLES = "p[style-name='Title'] => h1:fresh\np[style-name='Subtitle'] => p:fresh"
_DAMAGED = "the DOCX file is damaged and can't be opened; save it anew, or as PDF, and upload that"


def docx_markup(content: bytes) -> str:
    """HTML of a document: no pictures, no headers and footers, no comments. Raises Unreadable."""
    try:
        with zipfile.ZipFile(BytesIO(content)) as packed:
            _bounded(packed.infolist())
        return str(
            mammoth.convert_to_html(
                BytesIO(content), style_map=STYLES, convert_image=lambda _: [], id_prefix=""
            ).value
        )
    except (zipfile.BadZipFile, zipfile.LargeZipFile, ExpatError, KeyError, NotImplementedError, EOFError):
        raise Unreadable(_DAMAGED) from None
    except RecursionError:
        raise Unreadable("the DOCX file is nested too deep; save it as PDF and upload that") from None


def _bounded(parts: list[zipfile.ZipInfo]) -> None:
    if len(parts) > PARTS or sum(part.file_size for part in parts) > UNPACKED:
        raise Unreadable("the DOCX file unpacks to too much; split it, or save it as PDF")
    if any(part.flag_bits & 1 for part in parts):
        raise Unreadable("the DOCX file is protected by a password; remove it and upload the file again")
    if not any(DOCUMENT.fullmatch(part.filename) for part in parts):
        raise Unreadable("the file is packed as Office documents are, but is no DOCX; save it as DOCX or PDF")
