from __future__ import annotations

import random
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest

from application.ports import Progress
from domain.base.errors import Invalid, Refused
from infra.retrieval.encoding import decoded
from infra.retrieval.extraction import FileExtractor
from infra.retrieval.forking import Unreadable
from infra.retrieval.formats.media_types import CSV, HTML, MARKDOWN, PDF, TEXT
from infra.retrieval.pdf import document as reading
from infra.retrieval.pdf import read_pdf
from infra.retrieval.preparing import pages_of
from infra.retrieval.sniffing import SAMPLE
from tests.contents import pieces
from tests.infra.retrieval.pdfs import bomb, pdf


@pytest.fixture(scope="module", name="extractor")
async def _extractor() -> AsyncIterator[FileExtractor]:
    made = FileExtractor(seconds=5)
    yield made
    await made.close()


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
async def test_the_type_is_told_by_the_content(
    extractor: FileExtractor, content: bytes, media_type: str
) -> None:
    assert await extractor.sniff(content, len(content)) == media_type


@pytest.mark.parametrize("text", ["é", "漢", "\U0001f600", "a"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
async def test_a_text_that_goes_on_may_be_cut_within_a_letter(
    extractor: FileExtractor, text: str, encoding: str
) -> None:
    content = ("x" + text * SAMPLE).encode(encoding)
    for cut in range(4):
        assert await extractor.sniff(content[: SAMPLE - cut], len(content)) == TEXT


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "empty"),
        (b" \n\t", "empty"),
        (b"PK\x03\x04\x14\x00\x06\x00\x08\x00" + bytes(range(256)), "an archive; unpack it"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(range(256)), "an image"),
        (bytes(range(1, 32)), "of no type that can be read"),
        (random.Random(1).randbytes(5000), "of no type that can be read"),
    ],
)
async def test_other_files_are_refused_with_what_can_be_read(
    extractor: FileExtractor, content: bytes, message: str
) -> None:
    with pytest.raises(Invalid, match=message):
        await extractor.sniff(content, len(content))


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


def test_a_text_is_one_page() -> None:
    assert pages_of("Grüße\n\nzwei".encode("cp1252"), TEXT) == [(1, "Grüße\n\nzwei")]


def test_a_pdf_gives_its_pages_with_numbers_empty_ones_too() -> None:
    pages = pages_of(pdf("First page\nsecond line", "", "Third: Grüße"), PDF)
    assert [(number, text.strip()) for number, text in pages] == [
        (1, "First page\nsecond line"),
        (2, ""),
        (3, "Third: Grüße"),
    ]


async def test_a_file_gives_its_chunks_in_order_with_their_vectors(extractor: FileExtractor) -> None:
    page = "\n".join(f"Item {n} is taken back within 30 days and paid in five." for n in range(40))
    content = pdf(page, "", page, page)
    extracted = await extractor.extract(pieces(content[:100], content[100:]), PDF)
    assert (extracted.pages, len(extracted.chunks[0].embedding)) == (4, 256)
    assert len(extracted.chunks) > 2
    assert [chunk.page for chunk in extracted.chunks] == sorted(chunk.page for chunk in extracted.chunks)
    for chunk in extracted.chunks:
        assert sum(value * value for value in chunk.embedding) == pytest.approx(1, abs=1e-3)
        assert 0 < chunk.tokens <= 500
    spans = [(chunk.page, chunk.last_page) for chunk in extracted.chunks]
    assert spans[0] == (1, None)
    assert any(last is not None and last > page for page, last in spans), spans


async def test_who_waits_hears_how_far_a_file_is(extractor: FileExtractor) -> None:
    page = "\n".join(f"Item {n} is taken back within 30 days and paid in five." for n in range(40))
    heard: list[Progress] = []

    async def told(progress: Progress) -> None:
        heard.append(progress)

    extracted = await extractor.extract(pieces(pdf(*[page] * 60)), PDF, told=told)
    chunks = len(extracted.chunks)
    assert chunks > 32
    assert heard[0] == Progress(step="reading", done=0, of=60), "at once: a scan's first page takes long"
    assert Progress(step="reading", done=60, of=60) in heard
    assert [each for each in heard if each.step == "embedding"][-1] == Progress(
        step="embedding", done=chunks, of=chunks
    )
    steps = ("reading", "embedding")
    assert heard == sorted(heard, key=lambda each: (steps.index(each.step), each.done))


def test_pages_are_counted_while_they_are_read() -> None:
    heard: list[tuple[int, int]] = []
    read_pdf(pdf("One", "Two", "Three"), told=lambda done, of: heard.append((done, of)))
    assert heard == [(0, 3), (1, 3), (2, 3)]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (pdf("secret", password="1234"), "protected by a password; remove it"),
        (pdf("text")[:300], "damaged"),
        (b"%PDF-1.7\n" + random.Random(2).randbytes(2000), "damaged"),
        (pdf("", ""), "no text layer.*(OCR is not installed here|no text was recognised)"),
    ],
)
async def test_a_pdf_that_cannot_be_read_is_refused_with_what_to_do(
    extractor: FileExtractor, content: bytes, message: str
) -> None:
    with pytest.raises(Refused, match=message):
        await extractor.extract(pieces(content), PDF)


def test_a_pdf_with_too_many_pages_or_too_much_text_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    content = pdf("some words", "some words")
    monkeypatch.setattr(reading, "MOST_PAGES", 1)
    with pytest.raises(Unreadable, match="2 pages; split it into files of at most 1"):
        pages_of(content, PDF)
    monkeypatch.setattr(reading, "MOST_PAGES", 2)
    monkeypatch.setattr(reading, "MOST_CHARACTERS", 15)
    with pytest.raises(Unreadable, match="too much text"):
        pages_of(content, PDF)


async def test_a_bomb_is_refused_and_the_next_file_is_read(extractor: FileExtractor) -> None:
    content = bomb(300)
    assert len(content) < 100_000
    with pytest.raises(Refused, match=r"could not be read: it|too much text"):
        await extractor.extract(pieces(content), PDF)
    assert len((await extractor.extract(pieces(pdf("fine")), PDF)).chunks) == 1


async def test_other_types_and_texts_without_text_are_refused(extractor: FileExtractor) -> None:
    for content, media_type in [(b"x", "image/png"), (b"\x00\x01\x00", TEXT), (b" \n", TEXT)]:
        with pytest.raises(Refused):
            await extractor.extract(pieces(content), media_type)


@pytest.mark.parametrize("unit", [b"x", b"\xff", b"? ", b"\n"])
async def test_no_text_takes_longer_than_its_size_allows(extractor: FileExtractor, unit: bytes) -> None:
    """A text without spaces ran for minutes; what is too slow now is refused within the processor's seconds."""
    content = b"A text. " + unit * 300_000
    extracted = await extractor.extract(pieces(content), TEXT)
    assert extracted.chunks


async def test_a_page_is_read_in_the_sandbox_with_its_sections(extractor: FileExtractor) -> None:
    content = b"<h1>Returns</h1><p>Within 30 days.</p>" + b"<p>Some more words about it.</p>" * 99
    extracted = await extractor.extract(pieces(content), HTML)
    assert {chunk.section for chunk in extracted.chunks} == {"Returns"}
    assert (extracted.pages, len(extracted.chunks) > 1) == (1, True)


@pytest.mark.parametrize(
    ("unit", "media_type"),
    [(b"<i>", HTML), (b"[", MARKDOWN), (b"<!--", HTML), (b"*a_", MARKDOWN), (b'";', CSV)],
)
async def test_no_markup_takes_longer_than_a_file_may(
    extractor: FileExtractor, unit: bytes, media_type: str
) -> None:
    """Each is read, or refused with what to do."""
    content = b"# T\na;b;c\n" + unit * 100_000
    with suppress(Refused):
        assert (await extractor.extract(pieces(content), media_type)).chunks
    with suppress(Invalid):
        assert await extractor.sniff(content[:SAMPLE], len(content))
    assert len((await extractor.extract(pieces(pdf("fine")), PDF)).chunks) == 1
