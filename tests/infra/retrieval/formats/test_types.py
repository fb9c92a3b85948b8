"""Types of files, told by how they begin."""

from __future__ import annotations

import zipfile
from io import BytesIO

import pytest

from infra.retrieval.forking import Unreadable
from infra.retrieval.formats.media_types import CSV, DOCX, HTML, MARKDOWN, PDF, TEXT
from infra.retrieval.sniffing import SAMPLE, media_type
from tests.infra.retrieval.formats.docx import docx, paragraph


def packed(*names: str, first: str = "") -> bytes:
    made = BytesIO()
    with zipfile.ZipFile(made, "w") as file:
        for name in names:
            file.writestr(name, first or "x")
    return made.getvalue()


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("<!DOCTYPE html>\n<p>x", HTML),
        ("\n<!-- saved -->\n<html lang=de><body>x", HTML),
        ('<?xml version="1.0"?><!DOCTYPE html PUBLIC "x"><html xmlns="x"/>', HTML),
        ("<h2>Delivery</h2>In 3 days", HTML),
        ("<P>old", HTML),
        ("# Delivery\n\nIn 3 days.", MARKDOWN),
        ("Delivery\n===\nIn 3 days.", MARKDOWN),
        ("Prices:\n\nSize | Price\n--- | ---:\n38 | 5\n", MARKDOWN),
        ("See [our page](https://x.example).", MARKDOWN),
        ("Size;Stock\n38;6\n39;4\n", CSV),
        ("Size,Stock,Price\r\n38,6,4.99\r\n", CSV),
        ('Name,Text\n"A","x, y"\n"B","two\nlines"\n', CSV),
        ("sep=,\na,b\n", CSV),
        ("Size\tStock\n38\t6\n39\t4\n", CSV),
        ("", TEXT),
        ("Hello <world>, x < y.", TEXT),
        ("<3 is less than 4, and a <b> too.", TEXT),
        ("#1 of all shops\n- a\n- b\n", TEXT),
        ("Dear Sir,\nas agreed,\nyours,\nJohn", TEXT),
        ("Ulm, Germany\nParis, France\nRome, Italy\n", TEXT),
        ("We sell lamps; they shine.\nWe sell sofas; they don't.\nWe sell; you buy.\n", TEXT),
        ('{"a": 1, "b": 2, "c": 3}\n{"a": 1, "b": 2, "c": 3}\n{"a": 1, "b": 2, "c": 3}\n', TEXT),
        ("From: the shop\nTo: all\nSubject: hours\n\nWe open at nine.", TEXT),
        ("PK is short for primary key.", TEXT),
        ("BM 25 is a formula.", TEXT),
        ("Prices {\\rtf is no beginning}", TEXT),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_texts_are_told_apart(content: str, expected: str, encoding: str) -> None:
    assert media_type((content or "x").encode(encoding), len(content)) == expected


def test_a_table_that_goes_on_may_be_cut_within_a_row() -> None:
    content = ("Size;Stock\n" + '38;"six; or\n7"\n' * SAMPLE).encode()
    for cut in range(14):
        assert media_type(content[: SAMPLE - cut], len(content)) == CSV


def test_a_word_document_is_told_by_its_parts() -> None:
    content = docx(paragraph("x"))
    assert media_type(content, len(content)) == DOCX
    content = packed("[Content_Types].xml", "docProps/big.jpeg", first="x" * SAMPLE)
    assert media_type(content[:SAMPLE], len(content)) == DOCX  # what it is comes later


MAIL = b"Received: by x\nFrom: a@x.example\nSubject: Hello\nMIME-Version: 1.0\n\nText"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"{\\rtf1\\ansi Text}", "RTF.* save it as DOCX or PDF"),
        (b"%!PS-Adobe-3.0\n", "PostScript; print it to a PDF"),
        (MAIL, "an e-mail; print it to a PDF"),
        (b"From a@x.example Mon Jan 1 10:00:00 2026\n" + MAIL, "an e-mail"),
        (b"<?xml version='1.0'?><prices><price>5</price></prices>", "XML.* export it as PDF, HTML or CSV"),
        (b"<svg xmlns='x'><g/><g/></svg>", "XML"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(range(256)), "an image; put it into a document"),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF", "an image"),
        (b"GIF89a\x01\x00", "an image"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "an image"),
        (b"\x00\x00\x00\x18ftypheic\x00", "an image"),
        (b"\x00\x00\x00\x18ftypmp42\x00", "sound or video"),
        (packed("a.txt", "b.txt"), "an archive; unpack it"),
        (b"PK\x05\x06" + bytes(18), "an archive"),
        (b"\x1f\x8b\x08\x00", "an archive"),
        (b"a.txt".ljust(257, b"\x00") + b"ustar\x0000", "an archive"),
        (packed("[Content_Types].xml", "xl/workbook.xml"), "a spreadsheet; save each of its sheets as CSV"),
        (packed("[Content_Types].xml", "ppt/presentation.xml"), "a presentation; save it as PDF"),
        (
            packed("mimetype", first="application/vnd.oasis.opendocument.text"),
            "OpenDocument.* save it as DOCX",
        ),
        (packed("mimetype", first="application/epub+zip"), "an e-book"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(100), "old Office format, or protected by a password"),
        (bytes(range(1, 32)), "PDF, DOCX, HTML, Markdown, CSV and plain text"),
    ],
)
def test_what_is_no_document_is_refused_with_the_way_out(content: bytes, message: str) -> None:
    with pytest.raises(Unreadable, match=message):
        media_type(content, len(content))


def test_a_pdf_is_one_whatever_stands_before_it() -> None:
    assert media_type(b"%PDF-1.7", 8) == media_type(b"\n %PDF-1.7", 10) == PDF
