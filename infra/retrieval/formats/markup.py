"""HTML to blocks, whatever it was made from: headings stay headings, each row of a table says for itself what it says.

Left out: scripts, navigation, the page's banner, and what is struck out. What a page hides until somebody clicks stays.
"""

from __future__ import annotations

from typing import Any

from lxml import etree
from lxml import html as lxml_html

from domain.retrieval.blocks import Block
from infra.retrieval.forking import Unreadable
from infra.retrieval.formats.bounds import MOST_CHARACTERS
from infra.retrieval.formats.elements import BLOCKS, DROPPED, HEADINGS
from infra.retrieval.formats.grid import cells_of, expanded, rows_of
from infra.retrieval.formats.headers import headers_of
from infra.retrieval.formats.inline import inline, plain, said, say
from infra.retrieval.formats.tables import statements


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
                self._add(plain(line), "text")
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
            say(self._line, said(element), tag)

    def _inside(self, element: Any) -> None:
        self._line.append(element.text or "")
        for child in element:
            self.walk(child)
            say(self._line, child.tail or "", child.tag)

    def _close(self) -> None:
        text, self._line = plain("".join(self._line)), []
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
        for statement in statements(grid, headers_of(rows, grid)):
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
