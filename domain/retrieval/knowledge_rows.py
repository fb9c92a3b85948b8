"""Import of knowledge entries from a file: each row is an entry, or refused by itself, with the reason. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from domain.base.errors import Invalid
from domain.base.table_rows import Cells, Columns, RefusedRow, read_rows
from domain.retrieval.knowledge import LONGEST_LABEL, USUAL, Kind, Knowledge, same

TITLE, CONTENT = ("title", "question"), ("content", "answer")
"""What lists of questions call them, too."""

COLUMNS = Columns(
    names=("key", "kind", *TITLE, *CONTENT, "keywords", "category", "priority", "active"),
    needed=(TITLE, CONTENT),
)
YES, NO = ("true", "yes", "1"), ("false", "no", "0")
_PARTED = re.compile(r"[;|\n]")


class EntryLine(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An entry as somebody writes it in a file. `key`: their own name for it."""

    key: str | int | None = None
    kind: Kind = "question_answer"
    title: str | None = None
    question: str | None = None
    content: str | None = None
    answer: str | None = None
    keywords: tuple[str, ...] = ()
    category: str | None = None
    priority: int = USUAL
    active: bool = True


class EntryRow(msgspec.Struct, frozen=True, kw_only=True):
    """`names`: what tells the entry from all others: its key, or its title where it has none."""

    number: int
    names: tuple[str, str]
    knowledge: Knowledge


_line = msgspec.json.Decoder(EntryLine)


def rows_of(data: bytes) -> Iterator[EntryRow | RefusedRow]:
    """Raises Invalid for a file of which no row can be read."""
    seen: dict[tuple[str, str], int] = {}
    for each in read_rows(data, COLUMNS, of_json=_of_json, of_cells=_of_cells):
        if isinstance(each, RefusedRow):
            yield each
            continue
        number, (names, knowledge) = each
        first = seen.setdefault(names, number)
        if first != number:
            yield RefusedRow(row=number, reason=f"row {first} has the same {names[0]}; give each its own key")
        else:
            yield EntryRow(number=number, names=names, knowledge=knowledge)


def _of_json(raw: bytes) -> tuple[tuple[str, str], Knowledge]:
    """Raises Invalid, MsgspecError."""
    return _entry(_line.decode(raw))


def _of_cells(given: Cells) -> tuple[tuple[str, str], Knowledge]:
    """Raises Invalid, MsgspecError."""
    facts = {name: text for name, text in given.items() if text.strip()}
    kind = facts.get("kind", "").strip().lower()
    said = {name: facts[name] for name in ("key", *TITLE, *CONTENT, "category") if name in facts}
    line = {
        **said,
        **({"kind": kind.replace(" ", "_").replace("-", "_")} if kind else {}),
        "keywords": _PARTED.split(facts.get("keywords", "")),
        "priority": _number(facts.get("priority", str(USUAL))),
        "active": _truth(facts.get("active", YES[0])),
    }
    return _entry(msgspec.convert(line, EntryLine))


def _entry(line: EntryLine) -> tuple[tuple[str, str], Knowledge]:
    """Raises Invalid."""
    knowledge = Knowledge(
        kind=line.kind,
        title=_one(line.title, line.question, TITLE),
        content=_one(line.content, line.answer, CONTENT),
        keywords=line.keywords,
        category=line.category,
        priority=line.priority,
        active=line.active,
    ).cleaned()
    key = "" if line.key is None else str(line.key).strip()
    if len(key) > LONGEST_LABEL or not key.isprintable():
        raise Invalid(f"key has {len(key)} characters; up to {LONGEST_LABEL} that can be printed are taken")
    return ("key", key) if key else ("title", same(knowledge.title)), knowledge


def _one(one: str | None, other: str | None, names: tuple[str, str]) -> str:
    """Raises Invalid."""
    if one is not None and other is not None:
        raise Invalid(f"{names[0]} and {names[1]} are the same; give one of them")
    return one or other or ""


def _number(text: str) -> int:
    """Raises Invalid."""
    if not re.fullmatch(r"-?[0-9]{1,9}", text.strip()):
        raise Invalid("priority is no whole number")
    return int(text)


def _truth(text: str) -> bool:
    """Raises Invalid."""
    word = text.strip().lower()
    if word not in (*YES, *NO):
        raise Invalid(f"active is one of {', '.join((*YES, *NO))}")
    return word in YES
