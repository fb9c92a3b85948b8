"""What an element says, as one line: raised and lowered figures stay so, numbers that a page draws apart stay apart, links say where they lead."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from infra.retrieval.formats.elements import APART, BLOCKS, DROPPED, HEADINGS

LONGEST_ADDRESS = 200
"""Characters of a link's address that is told."""

_RAISED = str.maketrans("0123456789+-=()n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿ")
_LOWERED = str.maketrans("0123456789+-=()", "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎")
_SCHEME = re.compile(r"(?:mailto:|tel:)", re.IGNORECASE)


def inline(element: Any) -> str:
    """All text within, as one line."""
    return plain("".join(_words(element)))


def _words(element: Any) -> Iterator[str]:
    line: list[str] = [element.text or ""]
    for child in element:
        if isinstance(child.tag, str) and child.tag not in DROPPED:
            block = child.tag in BLOCKS or child.tag in HEADINGS
            say(line, f" {inline(child)} " if block else said(child), child.tag)
        say(line, child.tail or "", child.tag)
    yield from line


def said(element: Any) -> str:
    """What an inline element says."""
    if element.tag == "img":
        return f" {element.get('alt') or ''} "
    text = "".join(_words(element))
    if element.tag == "sup":
        return text.translate(_RAISED)
    if element.tag == "sub":
        return text.translate(_LOWERED)
    if element.tag == "a":
        return (
            text + _address(element, text) if text.strip() != "↑" else ""
        )  # from a footnote to where it belongs
    return text


def _address(link: Any, text: str) -> str:
    """Where a link leads, if it does not say so."""
    address = (link.get("href") or "").strip()
    if (
        not address.lower().startswith(("http://", "https://", "mailto:", "tel:"))
        or len(address) > LONGEST_ADDRESS
    ):
        return ""
    shown = _SCHEME.sub("", address)
    return "" if shown in text or not text.strip() else f" ({shown})"


def say(line: list[str], text: str, tag: Any) -> None:
    """Goes on with a text within an element, or behind one; with a gap where two numbers would run into one."""
    if text:
        glued = tag in APART and text[0].isdigit() and line and line[-1][-1:].isdigit()
        line.append(f" {text}" if glued else text)


def plain(text: str) -> str:
    return " ".join(text.replace("\xad", "").split())
