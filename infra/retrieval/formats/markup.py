"""HTML to blocks, whatever it was made from: headings stay headings, each row of a table says for itself what it says.

Left out: scripts, navigation, the page's banner, and what is struck out. What a page hides until somebody clicks stays.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from lxml import etree
from lxml import html as lxml_html

from domain.retrieval.blocks import Block
from infra.retrieval.forking import Unreadable
from infra.retrieval.formats.bounds import MOST_CHARACTERS
from infra.retrieval.formats.grid import cells_of, expanded, rows_of, span_of
from infra.retrieval.formats.tables import is_figure, is_header, statements

HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
DROPPED = frozenset(
    [
        "head",
        "script",
        "style",
        "template",
        "noscript",
        "nav",
        "svg",
        "canvas",
        "iframe",
        "object",
        "embed",
        "audio",
        "video",
        "map",
        "select",
        "datalist",
        "textarea",
        "input",
        "meter",
        "progress",
        "del",
        "s",
        "strike",
    ]
)
BLOCKS = frozenset(
    [
        "address",
        "article",
        "aside",
        "blockquote",
        "body",
        "caption",
        "center",
        "dd",
        "details",
        "dialog",
        "div",
        "dl",
        "dt",
        "fieldset",
        "figcaption",
        "figure",
        "footer",
        "form",
        "header",
        "hr",
        "html",
        "legend",
        "li",
        "main",
        "menu",
        "ol",
        "p",
        "pre",
        "section",
        "summary",
        "table",
        "tbody",
        "td",
        "tfoot",
        "th",
        "thead",
        "tr",
        "ul",
        "br",
    ]
)
APART = frozenset({"span", "a", "small", "label", "button", "time", "data", "output"})
"""What pages draw with a gap that their text lacks: a price's euros and cents, say."""

LONGEST_ADDRESS = 200
"""Characters of a link's address that is told."""

_RAISED = str.maketrans("0123456789+-=()n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿ")
_LOWERED = str.maketrans("0123456789+-=()", "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎")
_SCHEME = re.compile(r"(?:mailto:|tel:)", re.IGNORECASE)


def blocks_of(markup: str) -> list[Block]:
    """Of a page or a part of one; empty where it has no text. Raises Unreadable."""
    try:
        root = lxml_html.document_fromstring(
            markup, parser=lxml_html.HTMLParser(huge_tree=True, encoding=None)
        )
    except (etree.ParserError, etree.XMLSyntaxError):
        return []
    reader = _Reader()
    try:
        reader.walk(root)
    except RecursionError:
        raise Unreadable("the file's markup is nested too deep; save it as PDF and upload that") from None
    return reader.finished()


class _Reader:
    """Walks a tree, and gathers blocks."""

    def __init__(self) -> None:
        self._blocks: list[Block] = []
        self._line: list[str] = []
        self._prefix = ""
        self._left = MOST_CHARACTERS

    def finished(self) -> list[Block]:
        self._close()
        return self._blocks

    def walk(self, element: Any) -> None:
        tag = element.tag
        if not isinstance(tag, str) or tag in DROPPED or _is_banner(element):
            return  # comments and the like, too
        if tag in HEADINGS:
            self._close()
            self._add(inline(element), "heading")
        elif tag == "table":
            self._close()
            self._table(element)
        elif tag == "dl":
            self._close()
            self._definitions(element)
        elif tag == "pre":
            self._close()
            for line in "".join(element.itertext()).splitlines():
                self._add(_plain(line), "text")
        elif tag == "li":
            self._close()
            self._prefix = _marker(element)
            self._inside(element)
            self._close()
            self._prefix = ""
        elif tag in BLOCKS:
            self._close()
            self._inside(element)
            self._close()
        elif any(True for each in element.iterdescendants() if each.tag in BLOCKS or each.tag in HEADINGS):
            self._inside(element)  # as a link around a paragraph
        else:
            _say(self._line, _said(element), tag)

    def _inside(self, element: Any) -> None:
        self._line.append(element.text or "")
        for child in element:
            self.walk(child)
            _say(self._line, child.tail or "", child.tag)

    def _close(self) -> None:
        text, self._line = _plain("".join(self._line)), []
        if text:
            self._add(self._prefix + text, "text")
            self._prefix = ""

    def _add(self, text: str, kind: Any) -> None:
        if text:
            self._left -= len(text)
            if self._left < 0:
                raise Unreadable("the file holds too much text; split it into smaller files")
            self._blocks.append(Block(text=text, kind=kind))

    def _table(self, table: Any) -> None:
        for caption in table.iterfind("caption"):
            self.walk(caption)
        rows = [(row, cells_of(row)) for row in rows_of(table)]
        every = [cell for _, cells in rows for cell in cells]
        if max((len(cells) for _, cells in rows), default=0) < 2 or any(map(_is_layout, every)):
            for cell in every:
                self.walk(cell)
            return
        grid = expanded([[(cell, inline(cell)) for cell in cells] for _, cells in rows])
        for statement in statements(grid, _headers(rows, grid)):
            self._add(statement, "row")

    def _definitions(self, element: Any) -> None:
        """Each definition with its term."""
        term = ""
        for child in element.iter("dt", "dd"):
            if child.tag == "dt":
                self._add(term, "text")
                term = inline(child)
            elif any(each.tag in BLOCKS for each in child.iterdescendants()) or term.endswith(
                ("?", ".", "!")
            ):
                self._add(term, "text")
                self.walk(child)
                term = ""
            else:
                self._add(f"{term.rstrip(': ')}: {inline(child)}" if term else inline(child), "text")
                term = ""
        self._add(term, "text")


def inline(element: Any) -> str:
    """All text within, as one line."""
    return _plain("".join(_words(element)))


def _words(element: Any) -> Iterator[str]:
    line: list[str] = [element.text or ""]
    for child in element:
        if isinstance(child.tag, str) and child.tag not in DROPPED:
            block = child.tag in BLOCKS or child.tag in HEADINGS
            _say(line, f" {inline(child)} " if block else _said(child), child.tag)
        _say(line, child.tail or "", child.tag)
    yield from line


def _said(element: Any) -> str:
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


def _say(line: list[str], text: str, tag: Any) -> None:
    """Goes on with a text within an element, or behind one; with a gap where two numbers would run into one."""
    if text:
        glued = tag in APART and text[0].isdigit() and line and line[-1][-1:].isdigit()
        line.append(f" {text}" if glued else text)


def _plain(text: str) -> str:
    return " ".join(text.replace("\xad", "").split())


def _marker(item: Any) -> str:
    parent = item.getparent()
    if parent is None or parent.tag != "ol":
        return "- "
    start = parent.get("start", "1")
    number = int(start) if start.isascii() and start.isdigit() and len(start) < 9 else 1
    return f"{number + sum(1 for _ in item.itersiblings('li', preceding=True))}. "


def _is_banner(element: Any) -> bool:
    """Navigation, or the head of a page (not of an article) without its title."""
    if element.get("role") in ("navigation", "banner", "search") or element.tag == "header":
        article = any(each.tag in ("main", "article", "section") for each in element.iterancestors())
        return not article and next(element.iter("h1"), None) is None
    return False


def _is_layout(cell: Any) -> bool:
    """Whether a cell holds more than a figure or a few words."""
    return any(each.tag == "table" or each.tag in HEADINGS for each in cell.iterdescendants())


def _headers(rows: list[tuple[Any, list[Any]]], grid: list[list[str]]) -> int:
    """How many rows name the columns: those that are marked so; else the first one, if it is bold, or looks like it."""
    marked = 0
    for row, cells in rows:
        if row.getparent().tag != "thead" and not (cells and all(cell.tag == "th" for cell in cells)):
            break
        marked += 1
    if marked:
        marked = max(
            [marked, *(span_of(cell, "rowspan") for cell in rows[0][1])]
        )  # what stands beside a name is one, too
    if marked or len(rows) < 2:
        return min(marked, len(rows) - 1)
    first, others = grid[0], grid[1:]
    if not is_header(first) or rows[0][1][0].tag == "th":  # which names its row
        return 0
    bold = all(_plain("".join(cell.itertext())) == _bold(cell) for cell in rows[0][1])
    figures = any(all(is_figure(row[at]) for row in others if at < len(row)) for at in range(1, len(first)))
    return 1 if bold or figures else 0


def _bold(cell: Any) -> str:
    return _plain("".join("".join(each.itertext()) for each in cell.iter("strong", "b")))
