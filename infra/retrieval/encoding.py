"""Bytes into text when nobody says which encoding it is."""

from __future__ import annotations

import codecs

import charset_normalizer

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # begins as UTF-16's does, so it is asked for first
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_WITHOUT_CONTROLS = dict.fromkeys({*range(32), 127} - set(b"\t\n\r\f"))
_WESTERN = frozenset("äöüßåæøœéèêëáàâãíìîïóòôõúùûñçÿ“”„‘’‚–—…•·€£§°©®™«»¿¡½¼ºª²´\xa0\xad")
_SAMPLE = 64 * 1024
"""Bytes that are enough to guess from."""


def decoded(content: bytes, *, cut: bool = False) -> str | None:
    """The text, or None for what is none. A mark at the beginning decides; else UTF-8, Windows-1252 if that gives Western
    letters, the best guess, in this order. `cut`: the content goes on, and may end within a letter."""
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return _text(content, encoding, cut)
    if b"\x00" in content:
        low, high = content[0::2].count(0), content[1::2].count(0)
        return _text(content, "utf-16-le" if high > low else "utf-16-be", cut)
    if (text := _text(content, "utf-8", cut)) is not None:
        return text
    western = _text(content, "cp1252")
    if western is not None and all(letter in _WESTERN for letter in set(western.lower()) if letter > "\x7f"):
        return western
    guess = _guess(content)
    return western if guess is None else _text(content, guess, cut)


def _text(content: bytes, encoding: str, cut: bool = False) -> str | None:
    try:
        text = codecs.getincrementaldecoder(encoding)().decode(content, final=not cut)
    except UnicodeDecodeError:
        return None
    controls = len(text) - len(text.translate(_WITHOUT_CONTROLS))
    return None if controls * 100 > len(text) or "\x00" in text else text


def _guess(content: bytes) -> str | None:
    end = content.rfind(b"\n", 0, _SAMPLE) if len(content) > _SAMPLE else len(content)
    best = charset_normalizer.from_bytes(content[: end if end > 0 else _SAMPLE]).best()
    return None if best is None else best.encoding
