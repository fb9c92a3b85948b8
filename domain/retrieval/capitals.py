"""Case folding of texts in capitals, for models to which `RETURN` is another word than `return`. Pure."""

from __future__ import annotations

import string

_CAPITALS, _LETTERS = string.ascii_uppercase.encode(), string.ascii_letters.encode()


def without_capitals(text: str) -> str:
    """In small letters where most letters are capitals; else as it is."""
    if text.isascii():
        written = text.encode()
        capitals = len(written) - len(written.translate(None, _CAPITALS))
        letters = len(written) - len(written.translate(None, _LETTERS))
    else:
        capitals, letters = sum(map(str.isupper, text)), sum(map(str.isalpha, text))
    return text.lower() if 2 * capitals > letters else text
