"""Entities: what is named in a message, each in one form. Pure; every pattern is linear in the text's length."""

from __future__ import annotations

import re
from collections.abc import Sequence

from domain.answers.understanding.result import Correction, Entity
from domain.answers.understanding.spelling import LONGEST, SHORTEST, Vocabulary

MOST = 50
"""Of one text."""

_PATTERNS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("email", re.compile(r"(?<![\w.+-])[\w.+-]{1,64}+@[\w-]{1,63}+(?:\.[\w-]{1,63}+){1,4}")),
    ("url", re.compile(r"\b(?:https?://|www\.)[^\s<>\"']{1,2000}+")),
    ("amount", re.compile(r"(?:[€$£¥₺₽]\s?\d{1,9}+(?:[.,]\d{1,3}+){0,3}|\b\d{1,9}+(?:[.,]\d{1,3}+){0,3}\s?(?:[€$£¥₺₽%]|(?i:eur|usd|gbp|chf|pln|zł|try|tl|brl|euros?|dollars?|pounds?)\b))")),
    ("date", re.compile(r"\b(?:\d{4}-\d{2}-\d{2}|\d{1,2}[./-]\d{1,2}[./-](?:\d{4}|\d{2})|\d{1,2}\.\d{1,2}\.)(?!\w)")),
    ("time", re.compile(r"\b(?:[01]?\d|2[0-3])(?::[0-5]\d(?:\s?(?i:am|pm))?|\s?(?i:am|pm|uhr|h)\b)")),
    ("phone", re.compile(r"(?<![\w+])\+?\(?\d{1,4}\)?(?:[\s./-]?\(?\d{2,5}\)?){2,5}(?!\w)")),
    ("order", re.compile(r"(?:#\s?|\b(?i:order|nr|no|number|bestellung|commande|pedido|ordine|zamowienie|siparis|ticket|invoice|booking|ref)[\s.:#°º-]{1,3})([A-Za-z]{0,5}[-_]?\d[\w-]{1,24}+)")),
    ("order", re.compile(r"\b([A-Z]{1,5}[-_]?\d{3,20}+(?:-\d{1,10}+)?)\b")),
    ("order", re.compile(r"(?<![\w.,-])(\d{4,20}+)(?![\w.,-]*\d)")),
)  # fmt: skip
"""The first one that takes a piece of the text has it."""

KINDS = frozenset({kind for kind, _ in _PATTERNS} | {"name"})
"""Of entities that the rules find."""


def entities(text: str) -> tuple[Entity, ...]:
    taken: list[tuple[int, int, Entity]] = []
    covered = bytearray(len(text))
    for kind, pattern in _PATTERNS:
        for match in pattern.finditer(text):
            first, last = match.span(1) if pattern.groups else match.span()
            if any(covered[first:last]) or len(taken) >= MOST:
                continue
            if kind == "phone" and not 7 <= sum(map(str.isdigit, match[0])) <= 15:
                continue
            covered[first:last] = b"\1" * (last - first)
            taken.append(
                (first, last, Entity(kind=kind, text=text[first:last], value=_value(kind, text[first:last])))
            )
    return tuple(entity for _, _, entity in sorted(taken, key=lambda each: each[:2]))


def _value(kind: str, text: str) -> str:
    if kind == "email":
        return text.lower()
    if kind == "phone":
        return "".join(mark for mark in text if mark.isdigit() or mark == "+")
    if kind == "order":
        return text.upper()
    return " ".join(text.split())


def named(words: Sequence[str], own: Vocabulary, corrected: Sequence[Correction]) -> tuple[Entity, ...]:
    """The business's own names in a text, those that are meant by what was typed among them."""
    found = {each.meant: Entity(kind="name", text=each.typed, value=each.meant) for each in corrected}
    for length in range(LONGEST, 0, -1):
        for first in range(len(words) - length + 1):
            typed = " ".join(words[first : first + length])
            name = own.names.get(typed)
            if name is not None and len(typed) >= SHORTEST and name not in found:
                found[name] = Entity(kind="name", text=typed, value=name)
    return tuple(found.values())[:MOST]
