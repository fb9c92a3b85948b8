"""What a document with markup is made of."""

from __future__ import annotations

from typing import Literal

import msgspec


class Block(msgspec.Struct, frozen=True, kw_only=True):
    """A paragraph, a list's item, a heading, or a table's row, which is a statement of its own. `text` is one line, never empty."""

    text: str
    kind: Literal["text", "heading", "row"] = "text"
