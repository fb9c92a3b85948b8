"""Sixty PDFs by three programs, each with its truth, and how much of that comes out of one."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from random import Random

import pypdfium2

from domain.base.sentences import paragraphs
from infra.retrieval.pdf import PdfText
from tests.infra.retrieval.numbers import by_fpdf, by_reportlab, by_typst
from tests.infra.retrieval.numbers.contents import KINDS, Rows, Sheet, scan
from tests.infra.retrieval.scans import scanned, with_pages

WRITERS: Sequence[tuple[str, Callable[[Sheet], bytes]]] = (
    ("reportlab", by_reportlab.written),
    ("fpdf2", by_fpdf.written),
    ("typst", by_typst.written),
)
EACH = 2
"""Sheets of a kind by a program."""


@dataclass(frozen=True)
class File:
    name: str
    content: bytes
    rows: Rows
    is_scan: bool


@dataclass
class Score:
    """Numbers that came out beside those of their row, of all; what was told as unread; rows that did not come out as they are."""

    right: int
    total: int
    told: int
    wrong: list[tuple[list[str], str]]


def files(seed: int = 0) -> Iterator[File]:
    """The same for the same seed."""
    for kind in KINDS:
        for writer, written in WRITERS:
            for number in range(EACH):
                random = Random(f"{seed} {kind.__name__} {writer} {number}")
                sheet = kind(random)
                content = written(sheet)
                if kind is scan:
                    slant = random.uniform(-0.7, 0.7)
                    content = with_pages(scanned(content, slant=slant, seed=number))
                yield File(f"{kind.__name__}, {writer}, {number}", content, sheet.rows, kind is scan)


def score(file: File, read: PdfText) -> Score:
    """A row's numbers are right where a statement that has its name has just these, in their order."""
    statements = [" ".join(each.split()) for _, text in read.pages for each in paragraphs(text)]
    found = Score(0, 0, 0, [])
    for row in file.rows:
        wanted = numbers(" | ".join(row))
        found.total += len(wanted)
        said = _statement(row, statements)
        have = numbers(said)
        common = SequenceMatcher(None, wanted, have, autojunk=False).get_matching_blocks()
        same = sum(block.size for block in common)
        right = max(0, same - (len(have) - same))
        found.right += right
        if right < len(wanted):
            if not said and read.unread:
                found.told += len(wanted)
            found.wrong.append((row, said))
    return found


def numbers(text: str) -> list[str]:
    """What has a digit, a raised one too."""
    return [each.strip("()[];:,.") for each in re.split(r"[\s|]+", text) if any(map(str.isdigit, each))]


def _statement(row: list[str], statements: Sequence[str]) -> str:
    """The shortest that has the row's name; of a sentence itself, where it stands whole."""
    name = " ".join(row[0].split())
    having = [each for each in statements if re.search(rf"(?<!\w){re.escape(name)}(?!\w)", each)]
    if len(row) == 1:
        return name if having else ""
    return min(having, key=len, default="")


def pages(content: bytes) -> int:
    return len(pypdfium2.PdfDocument(io.BytesIO(content)))
