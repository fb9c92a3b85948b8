"""A content that is a list of parts: its texts, one below the other, and where between them images and files stand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

from domain.models.attachment import Attachment
from interfaces.http.chat.part_forms import Given


class AnyPart(Protocol):
    def said(self, place: str) -> str:
        """Its text. Raises Invalid for a part that has none."""

    def given(self, at: int, place: str) -> Given | None:
        """The image or file, which stands behind `at` characters of the text; None: it is none. Raises Invalid."""


def parted(
    parts: Sequence[AnyPart], place: str, contents: dict[UUID, bytes]
) -> tuple[str, tuple[Attachment, ...]]:
    """The text, and what is attached to it. `place`: of the list in the body; `contents` takes those that came along. Raises Invalid."""
    texts, found = list[str](), list[Attachment]()
    for at, part in enumerate(parts):
        length = len("\n".join(texts))
        if (given := part.given(length, f"{place}[{at}]")) is None:
            texts.append(part.said(f"{place}[{at}]"))
            continue
        found.append(given.attachment)
        if given.content is not None:
            contents[given.attachment.id] = given.content
    return "\n".join(texts), tuple(found)
