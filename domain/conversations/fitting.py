"""Whether an answer asks to choose from a list of its own, and the form that fits it: buttons, or a list to open. Pure."""

from __future__ import annotations

import re
from unicodedata import category

from domain.base.language import language_of
from domain.conversations.forms import as_text, choices
from domain.conversations.rich import MOST_ROWS, Option, Rich
from domain.retrieval.markers import without_markers

_ITEM = re.compile(r"\s*(?:\(?\d{1,2}[.)]|[-•*–])\s+(?P<said>\S.*)")
_PARTS = re.compile(r"\s+[–—-]\s+|:\s+")
_ASKS = re.compile(r"[?？؟]\s*\Z")
_TOKEN = re.compile(r"\w+|[^\w\s]")

_TELLING = frozenset("%&@#/§‰")
"""Punctuation that says something, as emoji and other symbols do."""

OPEN = {
    "en": "Choose",
    "de": "Auswählen",
    "es": "Elegir",
    "fr": "Choisir",
    "it": "Scegli",
    "nl": "Kiezen",
    "pl": "Wybierz",
    "pt": "Escolher",
    "tr": "Seç",
    "ru": "Выбрать",
    "ar": "اختر",
    "hi": "चुनें",
    "ja": "選ぶ",
    "zh": "选择",
}
"""Language → what opens a list."""


def fitting(text: str) -> Rich | None:
    """The form of an answer that asks, with a question mark, and lists from two to ten things to choose; None: it is a text.

    A list that nobody is asked about, as of opening hours, stays a text; so does one whose items are longer than a row's title.
    """
    lines = without_markers(text).strip().splitlines()
    items = [number for number, line in enumerate(lines) if _ITEM.fullmatch(line)]
    if not 2 <= len(items) <= MOST_ROWS or items != list(range(items[0], items[-1] + 1)):
        return None
    before, after = _block(lines[: items[0]]), _block(lines[items[-1] + 1 :])
    if not before or not any(_asks(part) for part in (before, after)):
        return None
    options = tuple(_option(lines[number]) for number in items)
    form = choices(
        "\n\n".join(filter(None, (before, after))), options, OPEN.get(language_of(text) or "", OPEN["en"])
    )
    return None if isinstance(form, str) else form


def covers(rich: Rich, text: str) -> bool:
    """Whether the form has every line of a text, with all its words and symbols: then the text need not go out beside it."""
    said = _tokens(as_text(rich))
    lines = [_tokens(_unlisted(line)) for line in text.splitlines()]
    if text.strip() and not any(lines):
        return False
    return all(_stands_in(line, said) for line in lines)


def _block(lines: list[str]) -> str:
    return "\n".join(lines).strip()


def _asks(text: str) -> bool:
    return _ASKS.search(text) is not None


def _option(line: str) -> Option:
    said = _unlisted(line).replace("**", "").strip().rstrip(";,")
    title, *rest = _PARTS.split(said, maxsplit=1)
    return Option(title=title.strip(), description=rest[0].strip() if rest else None)


def _unlisted(line: str) -> str:
    match = _ITEM.fullmatch(line)
    return line if match is None else match["said"]


def _tokens(text: str) -> list[str]:
    """Without punctuation, which a form has otherwise."""
    found = _TOKEN.findall(without_markers(text))
    return [
        each for each in found if each in _TELLING or not category(each[0]).startswith("P") or each[0] == "_"
    ]


def _stands_in(part: list[str], whole: list[str]) -> bool:
    return any(whole[n : n + len(part)] == part for n in range(len(whole) - len(part) + 1))
