"""Files with markup, read: headings, rows and numbers come out as they stand."""

from __future__ import annotations

import pytest

from domain.retrieval.blocks import Block
from domain.retrieval.chunking import chunk
from infra.retrieval.forking import Unreadable
from infra.retrieval.formats import comma_separated, markup, word
from infra.retrieval.formats.media_types import CSV, DOCX, HTML, MARKDOWN
from infra.retrieval.preparing import pages_of
from tests.infra.retrieval.formats.docx import docx, heading, paragraph, table


def read(content: str | bytes, media_type: str) -> list[Block]:
    [(number, page)] = pages_of(content.encode() if isinstance(content, str) else content, media_type)
    assert number == 1
    assert not isinstance(page, str)
    return list(page)


def texts(content: str | bytes, media_type: str) -> list[str]:
    return [block.text for block in read(content, media_type)]


PRICES = Block(text="Weight: 5 kg; Price: 19⁹⁹ €", kind="row")
FORMATS = {
    HTML: "<h1>Delivery</h1><p>We deliver <b>in 3</b> days.</p><h2>Prices</h2><table><tr><th>Weight<th>Price"
    "<tr><td>5 kg<td>19<sup>99</sup> &euro;</table><ul><li>By post",
    MARKDOWN: "# Delivery\nWe deliver **in 3**\ndays.\n\n## Prices\n\n| Weight | Price |\n|---|---|\n| 5 kg | 19<sup>99</sup> € |\n\n- By post\n",
    DOCX: docx(
        heading(1, "Delivery"),
        paragraph("We deliver ", ("in 3", "b"), " days."),
        heading(2, "Prices"),
        table([["Weight", "Price"], ["5 kg", ("19", ("99", "sup"), " €")]]),
        paragraph("By post", item=True),
    ),
}


@pytest.mark.parametrize("media_type", FORMATS)
def test_headings_paragraphs_rows_and_items_come_out_of_each_format(media_type: str) -> None:
    *rest, item = read(FORMATS[media_type], media_type)
    assert rest == [
        Block(text="Delivery", kind="heading"),
        Block(text="We deliver in 3 days."),
        Block(text="Prices", kind="heading"),
        PRICES,
    ]
    assert item.text == "- By post"


def test_headings_are_sections_however_they_are_written_and_nothing_else_is() -> None:
    page = "# iphone 15\nOpening Hours\n\n## 2026: what's new?\n\nNothing\n"
    pieces = chunk(pages_of(page.encode(), MARKDOWN), lambda text: 250)
    assert [piece.section for piece in pieces] == ["iphone 15", "2026: what's new?"]
    assert pieces[0].text == "iphone 15\nOpening Hours"


def test_a_row_is_never_cut_while_it_fits() -> None:
    rows = "".join(f"Lamp {n}. Big. Bright.;{n},99\n" for n in range(120))
    pieces = chunk(pages_of(f"Name;Preis\n{rows}".encode(), CSV), lambda text: len(text.split()))
    lines = [line for piece in pieces for line in piece.text.split("\n")]
    assert len(pieces) > 1
    assert set(lines) == {f"Name: Lamp {n}. Big. Bright.; Preis: {n},99" for n in range(120)}


@pytest.mark.parametrize(
    ("cells", "rows"),
    [
        # Cells over several columns and rows say what they say in each of them.
        (
            "<tr><th rowspan=2>Size<th colspan=2>Price<tr><td>old<td>new<tr><td>38<td>5<td>6",
            ["Size: 38; Price old: 5; Price new: 6"],
        ),
        (
            "<tr><th>Shop<th>Day<th>Open<tr><td rowspan=2>Ulm<td>Mon<td>9-18<tr><td>Sat<td>9-14",
            ["Shop: Ulm; Day: Mon; Open: 9-18", "Shop: Ulm; Day: Sat; Open: 9-14"],
        ),
        # No name of a column is marked: figures below it, or bold letters, tell it.
        ("<tr><td>Size<td>Stock<tr><td>38<td>6<tr><td>39<td>0", ["Size: 38; Stock: 6", "Size: 39; Stock: 0"]),
        ("<tr><td><b>Name</b><td><b>Town</b><tr><td>Ann<td>Ulm", ["Name: Ann; Town: Ulm"]),
        ("<tr><td>Colour<td>Red<tr><td>Material<td>Wood", ["Colour: Red", "Material: Wood"]),
        ("<tr><th>Colour<td>Red<tr><th>Weight<td>3 kg", ["Colour: Red", "Weight: 3 kg"]),
        ("<tr><th>Size<th>Stock<tr><td colspan=2>Shoes<tr><td>38<td>", ["Shoes", "Size: 38"]),
        ("<tr><th>Lamp<th>Dimmable<tr><td>A 1<td><img alt=yes>", ["Lamp: A 1; Dimmable: yes"]),
    ],
)
def test_each_row_of_a_table_is_a_statement(cells: str, rows: list[str]) -> None:
    assert [block.text for block in read(f"<table>{cells}</table>", HTML) if block.kind == "row"] == rows


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        ("<p>Only <span>19</span><span>99</span> €", ["Only 19 99 €"]),
        ("<p>1<b>00</b> m<sup>2</sup>, 149.00<sup>2)</sup>, H<sub>2</sub>O", ["100 m², 149.00²⁾, H₂O"]),
        ("<p><del>29.99</del> <s>25</s> 19.99", ["19.99"]),
        ("<p>See <a href='https://x.example/a'>here</a>.", ["See here (https://x.example/a)."]),
        ("<p><a href='mailto:a@x.example'>a@x.example</a>", ["a@x.example"]),
        ("<p>Mon 9-18<br>Sat 9-14", ["Mon 9-18", "Sat 9-14"]),
        ("<ol start=3><li>Press<li>Wait</ol>", ["3. Press", "4. Wait"]),
        ("<dl><dt>Phone<dd>0123<dt>Open on Sunday?<dd>No.</dl>", ["Phone: 0123", "Open on Sunday?", "No."]),
        ("<details><summary>Abroad?</summary>To France.</details>", ["Abroad?", "To France."]),
        ("<div>Open<div>9-18</div>daily</div>", ["Open", "9-18", "daily"]),
        ("<a href=/x><h2>Lamps</h2><p>Bright.</p></a>", ["Lamps", "Bright."]),
        ("<p>Text<script>var x</script><style>p{}</style><!-- no --><template>t</template>", ["Text"]),
        ("<body><header>Shop</header><nav>Home</nav><main><header><h1>T</h1></header>A.</main>", ["T", "A."]),
        ("<table><tr><td><h2>T</h2><p>All of it.</table>", ["T", "All of it."]),
        ("<pre>a  b\nc</pre>", ["a b", "c"]),
        ("<p>Lie­ferung", ["Lieferung"]),
    ],
)
def test_what_a_page_says_comes_out_as_it_stands(page: str, expected: list[str]) -> None:
    assert texts(page, HTML) == expected


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        ("# T\n5*3*2 and A_B_1 and 2 * 3", ["T", "5*3*2 and A_B_1 and 2 * 3"]),
        ("---\ntitle: x\ntags: [a]\n---\n# T\nText", ["T", "Text"]),
        ("T\n===\n```\na-1\nb-2\n```\n> Said", ["T", "a-1", "b-2", "Said"]),
        ("# T\r\n| a | b |\r\n|---|---|\r\n| 1 \\| 2 | <br>3 |\r\n", ["T", "a: 1 | 2; b: 3"]),
        ("# T\n<div>**x** less <5 kg</div>", ["T", "**x** less <5 kg"]),
    ],
)
def test_markdown_says_what_it_shows(page: str, expected: list[str]) -> None:
    assert texts(page, MARKDOWN) == expected


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252", "utf-16-le"])
@pytest.mark.parametrize(
    ("content", "media_type"),
    [
        ("Größe;Stück\n38;„6“\n39;7\n", CSV),
        ("<p>Größe: „38“, 5 €", HTML),
        ("# Größe\n„38“, 5 €", MARKDOWN),
    ],
)
def test_encodings_are_found_in_each_format(content: str, media_type: str, encoding: str) -> None:
    assert texts(content.encode(encoding), media_type) == texts(content, media_type)


def test_a_page_is_in_the_encoding_that_it_declares_unless_it_is_in_another() -> None:
    page = "<meta charset=windows-1251><p>Цена 5"
    assert texts(page.encode("cp1251"), HTML) == texts(page.encode(), HTML) == ["Цена 5"]
    assert texts('<meta content="text/html; charset=iso-8859-1"><p>5 €'.encode("cp1252"), HTML) == ["5 €"]
    assert texts("<meta charset=nonsense><p>Grüße".encode("cp1252"), HTML) == ["Grüße"]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (
            "Name;Preis\nLampe, groß;4,99\nSofa;5,99\n",
            ["Name: Lampe, groß; Preis: 4,99", "Name: Sofa; Preis: 5,99"],
        ),
        ('a,b,c\n"x, ""y""",2,"two\nlines"\n', ['a: x, "y"; b: 2; c: two lines']),
        ("sep=;\na;b\n1;2\n", ["a: 1; b: 2"]),
        ("a\tb\tc\r\n1\t\t3\r\n", ["a: 1; c: 3"]),
        ("38,4.99\n39,5.99\n40,6.99\n", ["38: 4.99", "39: 5.99", "40: 6.99"]),
    ],
)
def test_a_csv_file_is_read_row_by_row(content: str, expected: list[str]) -> None:
    assert texts(content, CSV) == expected


def test_a_csv_file_with_a_quotation_mark_that_is_not_closed_says_where() -> None:
    with pytest.raises(Unreadable, match="after row 201: a quotation mark"):
        texts("a;b\n" + "1;2\n" * 200 + '"1;2\n' + "1;2\n" * 5, CSV)


def test_files_that_hold_too_much_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(markup, "MOST_CHARACTERS", 10)
    monkeypatch.setattr(comma_separated, "MOST_CHARACTERS", 10)
    for content, media_type in [("<p>123456<p>789012", HTML), ("aaa;bbb;c\n1;2;3\n", CSV)]:
        with pytest.raises(Unreadable, match="too much text; split it"):
            read(content, media_type)
    small = docx(paragraph("x"))
    monkeypatch.setattr(word, "UNPACKED", 100)
    with pytest.raises(Unreadable, match="unpacks to too much"):
        read(small, DOCX)
    monkeypatch.undo()
    monkeypatch.setattr(word, "PARTS", 2)
    with pytest.raises(Unreadable, match="unpacks to too much"):
        read(small, DOCX)


@pytest.mark.parametrize(
    ("content", "media_type", "message"),
    [
        (docx(paragraph("x"))[:200], DOCX, "damaged"),
        (docx(document=b"<w:document"), DOCX, "damaged"),
        (docx(paragraph("x"), name="other.xml"), DOCX, "is no DOCX"),
        (docx(paragraph("")), DOCX, "no text"),
        (b"<!doctype html><script>x</script>", HTML, "no text"),
        (b"<div>" * 5000 + b"x", HTML, "nested too deep"),
        (b"[x]: http://x.example\n", MARKDOWN, "no text"),
    ],
)
def test_files_that_cannot_be_read_say_why(content: bytes, media_type: str, message: str) -> None:
    with pytest.raises(Unreadable, match=message):
        read(content, media_type)


def test_what_a_word_document_has_beside_its_text_does_not_mix_with_it() -> None:
    content = docx(
        heading(1, "Title"), paragraph("A price", ("2", "sup"), " of 5", ("gone", "deleted"), ("0", "b"), ".")
    )
    assert texts(content, DOCX) == ["Title", "A price² of 50."]
