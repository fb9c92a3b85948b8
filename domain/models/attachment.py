"""Attachments: images and files in a message. Their contents lie apart, sealed under the key of whose the message is."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

import msgspec


class Attachment(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`id` names its content: a keyed hash of it. `content_type`: by the content, whatever its name says. `size` in bytes; `width` and `height` in pixels,
    `pages` of a document, where they are known. `at`: how many characters of the message's text stand before it."""

    id: UUID
    kind: Literal["image", "file"]
    content_type: str
    size: int
    at: int = 0
    name: str | None = None
    url: str | None = None
    """Where it was fetched from; None: it came with the message."""

    detail: Literal["auto", "low", "high"] | None = None
    """How closely the model is to look at an image; None: as the vendor does."""

    width: int | None = None
    height: int | None = None
    pages: int | None = None
