"""Text with letters from right to left, as it looks, into the order in which it is read (UAX #9, turned round).

Numbers stay as they look: in an order number, a date or a telephone number the left digits come first in any language.
"""

from __future__ import annotations

import re
import unicodedata

from infra.retrieval.pdf.runs import RTL

_LATIN = "A-Za-z\u00c0-\u024f\u0370-\u052f"
_AS_IT_LOOKS = re.compile(
    rf"[{_LATIN}](?:[{_LATIN}\d.,'&/@_+ -]*[{_LATIN}\d])?"
    r"|[+-]?\d(?:[\d.,:/×–-]*\d)?%?"
)
_MIRRORED = str.maketrans("()[]{}<>«»", ")(][}{><»«")
_SHAPES = re.compile("[\ufb1d-\ufdff\ufe70-\ufefc]+")


def in_reading_order(text: str) -> str:
    if text.isascii() or not RTL.search(text):
        return text
    parts: list[str] = []
    at = 0
    for match in _AS_IT_LOOKS.finditer(text):
        parts += [text[at : match.start()][::-1].translate(_MIRRORED), match[0]]
        at = match.end()
    parts.append(text[at:][::-1].translate(_MIRRORED))
    # A letter's shape at the beginning or end of a word is the same letter.
    return _SHAPES.sub(lambda found: unicodedata.normalize("NFKC", found[0]), "".join(reversed(parts)))
