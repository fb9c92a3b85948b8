"""Markdown (CommonMark with tables) to HTML."""

from __future__ import annotations

import re

from markdown_it import MarkdownIt
from markdown_it.token import Token

_FRONT_MATTER = re.compile(r"---[ \t]*\n(.*?)\n(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)


def markdown_markup(text: str) -> str:
    """What a file begins with between two lines of `---`, as site generators have it, is about the text, and left out."""
    text = text.replace("\r\n", "\n")
    if (front := _FRONT_MATTER.match(text)) is not None and ":" in front[1].split("\n", 1)[0]:
        text = text[front.end() :]
    reader = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    tokens = reader.parse(text)
    for token in tokens:
        _restore(token.children or [])
    return str(reader.renderer.render(tokens, reader.options, {}))


def _restore(tokens: list[Token]) -> None:
    """Emphasis that would run numbers into one was none: 5*3*2."""
    for before, mark, after in zip(tokens, tokens[1:], tokens[2:], strict=False):
        if (
            mark.nesting
            and mark.tag in ("em", "strong")
            and before.content[-1:].isdigit()
            and after.content[:1].isdigit()
        ):
            mark.type, mark.tag, mark.nesting, mark.content = "text", "", 0, mark.markup
