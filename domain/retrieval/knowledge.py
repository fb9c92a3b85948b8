"""What an entry of the knowledge base says, and what it must be like."""

from __future__ import annotations

import re
import unicodedata
from typing import Literal

import msgspec
from msgspec.structs import replace

from domain.base.errors import Invalid

Kind = Literal["question_answer", "policy", "procedure", "fact", "other"]

LONGEST_TITLE, LONGEST_CONTENT, LONGEST_LABEL = 300, 20_000, 100
"""Characters; of a keyword and of a category too."""

MOST_KEYWORDS = 50
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
"""Lone surrogates too, which JSON can hold and UTF-8 cannot."""

LOWEST, USUAL, HIGHEST = 0, 5, 10
"""Priorities."""


class Knowledge(msgspec.Struct, frozen=True, kw_only=True):
    """What an entry says. `title` is the question of a question with its answer. `keywords` are what it is also called: it is found by them,
    and they are not told. An entry that is not `active` answers nothing."""

    kind: Kind
    title: str
    content: str
    keywords: tuple[str, ...] = ()
    category: str | None = None
    priority: int = USUAL
    active: bool = True

    def cleaned(self) -> Knowledge:
        """Without what nobody sees: blanks around, keywords twice. Raises Invalid."""
        title, content = _line(self.title, "title"), _text(self.content).strip()
        category = _line(self.category or "", "category") or None
        named = [_line(each, "keywords") for each in self.keywords]
        keywords = tuple({same(each): each for each in reversed(named) if each}.values())[::-1]
        for name, text, most in (
            ("title", title, LONGEST_TITLE),
            ("content", content, LONGEST_CONTENT),
            ("category", category or "", LONGEST_LABEL),
            *(("keywords", each, LONGEST_LABEL) for each in keywords),
        ):
            if len(text) > most:
                raise Invalid(f"{name} has {len(text)} characters; at most {most} are taken")
        for name, text in (("title", title), ("content", content)):
            if not text:
                raise Invalid(f"{name} has no text; write at least one visible character")
        if len(keywords) > MOST_KEYWORDS:
            raise Invalid(f"there are {len(keywords)} keywords; at most {MOST_KEYWORDS} are taken")
        if not LOWEST <= self.priority <= HIGHEST:
            raise Invalid(f"priority lies between {LOWEST} and {HIGHEST}; {USUAL} is the usual")
        return replace(self, title=title, content=content, category=category, keywords=keywords)


def same(label: str) -> str:
    """The form in which two labels are one: without case, and as compatible characters are written."""
    return unicodedata.normalize("NFKC", label).casefold()


def _text(text: str) -> str:
    """Raises Invalid."""
    if (found := _CONTROL.search(text)) is not None:
        raise Invalid(f"there is the control character U+{ord(found[0]):04X} in a text; take it out")
    return unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))


def _line(text: str, name: str) -> str:
    """Raises Invalid."""
    line = _text(text).strip()
    if len(line.splitlines()) > 1:
        raise Invalid(f"{name} is one line; put more into content")
    return line
