"""The language of a message, where it can be told. Pure."""

from __future__ import annotations

import re
from functools import cache
from importlib.util import find_spec
from typing import Any

_WORD = re.compile(r"[^\W\d_]+")
_UNSPACED = re.compile(r"[぀-ヿ㐀-鿿가-힯฀-๿]{4}")
"""Four characters of a script whose words are not parted, or are short."""

ENOUGH = 2_000
"""Characters at the beginning of a text that tell its language; a longer look only takes longer."""

SURE_WORDS = 5
"""From so many words on the detector's best guess is right as good as always; it calls one in twenty unsure, most of them wrongly so
(docs/understanding.md has the figures)."""

DETECTS = find_spec("eldc") is not None
"""There are systems for which the detector is not built; there no language is told."""


@cache
def _detector() -> Any:
    import eldc  # its data are 50 MB, of which it reads what it needs

    eldc.init()
    return eldc


def language_of(text: str) -> str | None:
    """ISO 639-1, as "de"; None where it can't be told for sure. One word never tells it: "Hola" or "ok" is said in many languages."""
    text = text[:ENOUGH]
    words = len(_WORD.findall(text))
    if not DETECTS or (words < 2 and not _UNSPACED.search(text)):
        return None
    found = _detector().detect_details(text.replace("\0", " ").encode("utf-8", "replace").decode())
    sure = found.reliable or words >= SURE_WORDS
    return str(found.language) if sure and found.language != "und" else None
