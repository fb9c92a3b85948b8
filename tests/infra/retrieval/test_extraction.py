from __future__ import annotations

import random

import pytest

from domain.errors import Invalid, Refused
from infra.retrieval import extraction
from infra.retrieval.encoding import decoded
from infra.retrieval.extraction import PDF, TEXT, FileExtractor
from tests.infra.retrieval.pdfs import bomb, pdf

extractor = FileExtractor()


@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        (b"%PDF-1.7 ...", PDF),
        (b"\x00\x01junk before it\n%PDF-1.4", PDF),
        (b"A text that explains what %PDF-1.4 means.", TEXT),
        (b"plain", TEXT),
        ("Grüße".encode("utf-16"), TEXT),
        ("Grüße".encode("cp1252"), TEXT),
    ],
)
def test_the_type_is_told_by_the_content(content: bytes, media_type: str) -> None:
    assert extractor.sniff(content) == media_type


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "empty"),
        (b" \n\t", "empty"),
        (b"PK\x03\x04\x14\x00\x06\x00\x08\x00" + bytes(range(256)), "neither a PDF nor plain text"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(range(256)), "neither a PDF nor plain text"),
        (bytes(range(1, 32)), "neither a PDF nor plain text"),
        (random.Random(1).randbytes(5000), "neither a PDF nor plain text"),
        (b"x" * (10 * 1024 * 1024 + 1), "at most 10485760"),
    ],
)
def test_other_files_are_refused_with_what_can_be_read(content: bytes, message: str) -> None:
    with pytest.raises(Invalid, match=message):
        extractor.sniff(content)


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Öffnungszeiten: täglich für 5 € geöffnet", "utf-8"),
        ("Öffnungszeiten: täglich für 5 € geöffnet", "utf-8-sig"),
        ("Öffnungszeiten: täglich für 5 € geöffnet", "utf-16"),
        ("Öffnungszeiten: täglich für 5 € geöffnet", "utf-16-le"),
        ("Öffnungszeiten: täglich für 5 € geöffnet", "utf-16-be"),
        ("Öffnungszeiten: täglich für 5 € geöffnet", "utf-32"),
        ("Öffnungszeiten: täglich für 5 € geöffnet", "cp1252"),
        ("Café – “naïve”, ¿cuánto cuesta el niño?", "cp1252"),
        ("Магазин открыт с понедельника по пятницу с девяти до восемнадцати часов.", "cp1251"),
        ("Sklep jest otwarty od poniedziałku do piątku. Zażółć gęślą jaźń.", "cp1250"),
        ("営業時間は月曜日から金曜日の九時から十八時までです。返品は三十日以内にお願いします。", "shift_jis"),
    ],
)
def test_the_encoding_of_a_text_is_found(text: str, encoding: str) -> None:
    assert decoded(text.encode(encoding)) == text


async def test_a_text_is_one_page() -> None:
    (page,) = await extractor.extract("Grüße\n\nzwei".encode("cp1252"), TEXT)
    assert (page.number, page.text) == (1, "Grüße\n\nzwei")


async def test_a_pdf_gives_its_pages_with_numbers_empty_ones_too() -> None:
    pages = await extractor.extract(pdf("First page\nsecond line", "", "Third: Grüße"), PDF)
    assert [(page.number, page.text.strip()) for page in pages] == [
        (1, "First page\nsecond line"),
        (2, ""),
        (3, "Third: Grüße"),
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (pdf("secret", password="1234"), "protected by a password; remove it"),
        (pdf("text")[:300], "damaged"),
        (b"%PDF-1.7\n" + random.Random(2).randbytes(2000), "damaged"),
        (pdf("", ""), "no text layer.* OCR is not available yet"),
    ],
)
async def test_a_pdf_that_cannot_be_read_is_refused_with_what_to_do(content: bytes, message: str) -> None:
    with pytest.raises(Refused, match=message):
        await extractor.extract(content, PDF)


async def test_a_pdf_with_too_many_pages_or_too_much_text_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    content = pdf("some words", "some words")
    monkeypatch.setattr(extraction, "MOST_PAGES", 1)
    with pytest.raises(Refused, match="2 pages; split it into files of at most 1"):
        await extractor.extract(content, PDF)
    monkeypatch.setattr(extraction, "MOST_PAGES", 2)
    monkeypatch.setattr(extraction, "MOST_CHARACTERS", 15)
    with pytest.raises(Refused, match="too much text"):
        await extractor.extract(content, PDF)


async def test_a_bomb_is_refused_and_the_next_file_is_read() -> None:
    content = bomb(300)
    assert len(content) < 100_000
    with pytest.raises(Refused, match=r"could not be read: it|too much text"):
        await FileExtractor(seconds=3).extract(content, PDF)
    assert len(await extractor.extract(pdf("fine"), PDF)) == 1


async def test_other_types_and_texts_without_text_are_refused() -> None:
    for content, media_type in [(b"x", "image/png"), (b"\x00\x01\x00", TEXT), (b" \n", TEXT)]:
        with pytest.raises(Refused):
            await extractor.extract(content, media_type)
