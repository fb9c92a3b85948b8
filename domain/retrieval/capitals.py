"""Case folding of texts in capitals, for models to which `RETURN` is another word than `return`. Pure."""

from __future__ import annotations


def without_capitals(text: str) -> str:
    """In small letters where most letters are capitals; else as it is."""
    capitals = sum(map(str.isupper, text))
    return text.lower() if 2 * capitals > sum(map(str.isalpha, text)) else text
