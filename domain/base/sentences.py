"""Text into paragraphs, paragraphs into sentences. Pure; nothing but white space is lost."""

from __future__ import annotations

import re
from collections.abc import Iterator

_END = re.compile(
    r"[.!?…][\"'”’»)\]]*(?=\s+[\"'“‘«(\[¿¡]?[^\Wa-z_])"  # before a capital, a digit, or a script without case
    r"|[。！？][”’」』）]*(?=\S)"
)
_ITEM = re.compile(r"\(?(?:\d{1,3}|[IVXivx]{1,4}|[A-Za-z])\.")
_ABBREVIATION = re.compile(
    r"(?:^|[\s(])(?:[A-Z]|(?i:e\.g|i\.e|approx|incl|min|max|vs|fig|mr|mrs|ms|dr|tel|nr|ca|bzw|inkl|zzgl|z\. ?b|d\. ?h))\.$"
)
_NUMBERED = r"(?:\(?(?:\d{1,3}(?:\.\d+)*|[A-Za-z])[.)]\s*|\d+(?:\.\d+)+\s+|\d{1,3}\s+|#{1,6}\s+|[-•*–]\s+)?"
_HEADING = re.compile(rf"{_NUMBERED}[^\W\d_a-z][^.!?…:;。！？]{{0,70}}[^.!?…:;,。！？\-]")
_QUESTION = re.compile(rf"(?:(?i:Q(?:uestion)?)\s*\d*\s*[:.)]\s*\S|{_NUMBERED}[¿\"“]?[^\W_a-z]).*[?？]")
_PRICE = re.compile(r"\d[.,]\d\d?(?:\s?[€$£%]|\s?[A-Z]{3})?$|[€$£]")
CELL = " | "
"""Stands between the cells of a table's row."""
_BULLET = re.compile(r"[-–•*#]+\s")
LONGEST_HEADING = 60
"""Characters."""


def sentences(text: str) -> list[str]:
    """The sentences of a paragraph, none empty."""
    found: list[str] = []
    begin = 0
    for match in _END.finditer(text):
        end = match.end()
        last = text[max(begin, end - 12) : end].strip()
        if match[0] == "." and (_ABBREVIATION.search(last) or (end - begin < 12 and _ITEM.fullmatch(last))):
            continue
        found.append(text[begin:end].strip())
        begin = end
    found.append(text[begin:].strip())
    return [sentence for sentence in found if sentence]


def is_heading(line: str) -> bool:
    """A short line that begins like a title and ends like none of the sentences; no row of a table, and nothing with a price."""
    return (
        len(line) < LONGEST_HEADING
        and _HEADING.fullmatch(line) is not None
        and CELL not in line
        and _PRICE.search(line) is None
    )


def is_question(line: str) -> bool:
    return line.endswith(("?", "？")) and _QUESTION.fullmatch(line) is not None


def paragraphs(text: str) -> Iterator[str]:
    """Each on one line. Blank lines part them; where a text has none, as PDF text has not, headings, questions and
    items of lists do. A row of a table, with ` | ` between its cells, is one by itself."""
    lines: list[str] = []
    complete = True  # the line before may have been the last one of its paragraph
    all_lines = [" ".join(line.split()) for line in text.splitlines()]
    for line, following in zip(all_lines, [*all_lines[1:], ""], strict=False):
        alone = CELL in line or (
            complete and (is_question(line) or (is_heading(line) and not following[:1].islower()))
        )
        if lines and (not line or alone or _BULLET.match(line)):
            yield " ".join(lines)
            lines = []
        if alone:
            yield line
        elif line:
            lines.append(line)
        complete = not line or alone or line[-1] in '.!?…:。！？”")'
    if lines:
        yield " ".join(lines)
