"""Pages that are pictures are read, and what can't be read is told."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from importlib.util import find_spec

import pytest
import pytest_asyncio

from domain.base.errors import Refused
from infra.retrieval.extraction import FileExtractor
from infra.retrieval.forking import Unreadable
from infra.retrieval.formats.media_types import PDF
from infra.retrieval.ocr import Scans
from infra.retrieval.ocr.words import Word, upright
from infra.retrieval.pdf import read_pdf
from infra.retrieval.preparing import read_file
from infra.retrieval.sandbox import Sandbox
from interfaces.http.retrieval.document_forms import unread_told
from tests.infra.retrieval.pdfs import pdf
from tests.infra.retrieval.scans import price_list, scanned, with_pages
from tests.infra.retrieval.sheets import drawn

APART = "tests.infra.retrieval.reading_apart"
needs_ocr = pytest.mark.skipif(
    find_spec("rapidocr") is None or find_spec("onnxruntime") is None,
    reason="OCR is not installed: pip install '.[ocr]'",
)


@pytest_asyncio.fixture(scope="module")
async def extractor() -> AsyncIterator[FileExtractor]:
    extractor = FileExtractor()
    yield extractor
    await extractor.close()


async def pieces(content: bytes) -> AsyncIterator[bytes]:
    yield content


@needs_ocr
async def test_a_scanned_price_list_among_pages_of_text_comes_out_in_its_rows(
    extractor: FileExtractor,
) -> None:
    lists = [price_list(seed) for seed in (1, 2)]
    scans = [
        scanned(content, slant=slant, seed=7) for (content, _), slant in zip(lists, (0.6, -0.4), strict=True)
    ]
    content = with_pages("Our prices of this year", scans[0], "Ask us for more", scans[1], stamp="Page 12")
    read = await extractor.extract(pieces(content), PDF, embed=False)
    assert (read.pages, read.unread, read.unread_because) == (4, [], "")
    assert read.recognised == [2, 4]
    lines = {" ".join(line.split()) for chunk in read.chunks for line in chunk.text.splitlines()}
    rows = [row for _, table in lists for row in table]
    whole = sum(" | ".join(row) in lines for row in rows)
    assert whole >= 0.9 * len(rows), (whole, len(rows), lines)
    said = {number for line in lines for number in re.findall(r"[\d.-]*\d", line)}
    numbers = [re.sub("^A", "", cell) for row in rows for cell in row[1:]]
    assert sum(number in said for number in numbers) >= 0.95 * len(numbers)
    assert any(
        "Nordfell price list" in chunk.text or chunk.section == "Nordfell price list" for chunk in read.chunks
    )


@needs_ocr
async def test_a_page_in_letters_that_are_not_known_and_a_picture_without_text_are_told(
    extractor: FileExtractor,
) -> None:
    blot = scanned(drawn(lambda canvas: canvas.rect(100, 100, 300, 300, fill=1)))
    read = await extractor.extract(pieces(with_pages("Some text", blot)), PDF, embed=False)
    assert (read.unread, read.recognised, read.unread_because) == ([2], [], "")
    with pytest.raises(Refused, match="no text was recognised in its pictures"):
        await extractor.extract(pieces(pdf("")), PDF)


async def test_what_is_slow_or_crashes_costs_its_own_page_alone() -> None:
    sandbox = Sandbox(APART)
    try:
        given = await sandbox.ask(
            APART, pieces(b""), "long", "spin", "crash", "fill", "fail", "wait", "long", seconds=60
        )
    finally:
        await sandbox.close()
    assert given == [1_000_000, None, None, None, None, None, 1_000_000]


class NotInstalled(Scans):
    def __init__(self) -> None:
        super().__init__()
        self.is_there = False


def test_pages_that_nothing_reads_are_told_with_how_to_install_it() -> None:
    scan = scanned(price_list(1, 3)[0])
    read = read_file(with_pages("Some text", scan), PDF, NotInstalled())
    assert (read.unread, read.because) == ([2], "no_ocr")
    stamped = read_file(with_pages("Some text", scan, stamp="Page 12"), PDF, NotInstalled())
    assert (stamped.unread, stamped.because) == ([2], "no_ocr")
    assert "pip install '.[ocr]'" in unread_told([2], "no_ocr")
    with pytest.raises(Unreadable, match=r"OCR is not installed here \(its operator adds it: pip install"):
        read_pdf(with_pages(scan), NotInstalled())


@needs_ocr
def test_pages_for_which_no_time_is_left_are_told() -> None:
    scan = scanned(price_list(1, 3)[0])
    read = read_file(with_pages("Some text", scan, scan), PDF, Scans(document_seconds=0))
    assert (read.unread, read.because) == ([2, 3], "late")
    assert "split the file" in unread_told([2, 3], "late")
    with pytest.raises(Unreadable, match="takes too long to read; split it"):
        read_pdf(with_pages(scan), Scans(document_seconds=0))


def test_a_page_of_text_with_pictures_is_no_picture() -> None:
    text = " ".join(["Unworn shoes go back within thirty days."] * 3)
    content = with_pages(scanned(price_list(1, 3)[0]), stamp=text)
    assert read_pdf(content, NotInstalled()).unread == []


def test_a_slant_is_taken_out() -> None:
    words = [Word("one long line", 0, 100, 400, 108, 20), Word("2", 500, 110, 510, 110.2, 20)]
    first, second = upright(words)
    assert first.y0 == pytest.approx(first.y1, abs=0.01)
    assert second.y0 == pytest.approx(first.y0, abs=1)
