"""Lines of a text put together: words that were hyphenated at a line's end are whole again."""

from __future__ import annotations

import re

_AND = re.compile(r"(?:und|oder|bzw|sowie|and|or|to|et|ou|y|o|e|en|of|och|og|i)\b")
"""After a hyphen that stands for the rest of a word: pre- and post-paid."""


def joined(text: str, following: str, between: str = "\n") -> str:
    if text.endswith("\u00ad"):
        return text[:-1] + following
    if len(text) > 1 and text[-1] in "-\u2010" and text[-2].isalnum():
        if _AND.match(following):
            return f"{text} {following}"
        return (text[:-1] if following[0].islower() and text[-2].isalpha() else text) + following
    return f"{text}{between}{following}"
