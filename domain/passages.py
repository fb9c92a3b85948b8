"""Passages in a prompt. They belong to their documents: when one is erased, its passages go from every prompt that showed them."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import msgspec
from msgspec.structs import replace

from domain.base import Lent
from domain.completion import Turn

GONE = "[deleted]"
"""Stands for the title of a document that was erased."""
NOWHERE = -1
"""Place of a passage that does not stand in the prompt."""

_CLOSING = "\n</document>"


class Retrieved(msgspec.Struct, frozen=True, kw_only=True):
    """A passage as it stood in the prompt, without its text: the prompt has that."""

    passage: str
    document: UUID
    title: str
    ordinal: int
    page: int | None
    section: str | None
    score: float
    rank: int


def shown(number: int, title: str, page: int | None, section: str | None, text: str) -> str:
    """A passage as it stands in a prompt's system text, where passage `number` is cited as [number]."""
    return f"{_opening(number, title, page, section)}\n{text}{_CLOSING}"


def cut(
    retrieved: Sequence[Retrieved], prompt: Sequence[Turn]
) -> tuple[tuple[Retrieved, ...], tuple[Turn, ...], tuple[Lent, ...]]:
    """Both without what belongs to the documents, and that by itself, a piece for each passage; `join` undoes it."""
    system = prompt[0].text if prompt else ""
    openings = [_opening(item.rank, item.title, item.page, item.section) for item in retrieved]
    starts: list[int] = []
    for opening in openings:
        starts.append(system.find(opening, starts[-1] + 1 if starts else 0))
    found = -1 not in starts  # not in the prompt of another template
    ends = [*(start - 1 for start in starts[1:]), system.rfind(_CLOSING) + len(_CLOSING)]
    kept, lent, last = "", [], 0
    for item, start, end in zip(retrieved, starts, ends, strict=False):
        place, block = NOWHERE, ""
        if found:
            kept += system[last:start]
            place, block, last = len(kept), system[start:end], end
        lent.append(Lent(subject=item.document, place=place, texts=(item.title, item.section, block)))
    bare = tuple([replace(item, title="", section=None) for item in retrieved])
    first = [replace(turn, text=kept + system[last:]) for turn in prompt[:1]]
    return bare, (*first, *prompt[1:]), tuple(lent)


def join(
    retrieved: Sequence[Retrieved], prompt: Sequence[Turn], lent: Sequence[Lent]
) -> tuple[tuple[Retrieved, ...], tuple[Turn, ...]]:
    """As they were before `cut`, but for documents that were erased since."""
    system = prompt[0].text if prompt else ""
    parts, items, last = [], [], 0
    for item, each in zip(retrieved, lent, strict=True):
        gone = (GONE, None, f"<document number={item.rank} {GONE}>\n{_CLOSING}")
        title, section, block = each.texts or gone
        items.append(replace(item, title=title or "", section=section))
        if each.place != NOWHERE:
            parts += [system[last : each.place], block or ""]
            last = each.place
    first = [replace(turn, text="".join((*parts, system[last:]))) for turn in prompt[:1]]
    return tuple(items), (*first, *prompt[1:])


def _opening(number: int, title: str, page: int | None, section: str | None) -> str:
    place = "".join((f", page {page}" if page else "", f", {section}" if section else ""))
    return f"<document number={number} title={title!r}{place}>"
