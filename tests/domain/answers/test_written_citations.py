from __future__ import annotations

from uuid import uuid4

from domain.answers.attribution.written_citations import endnotes, inline
from domain.models.completion import Citation

RETURNS = Citation(
    marker=1, passage="a", document=uuid4(), title="returns.pdf", page=3, last_page=4, section="Refunds"
)
MUG = Citation(marker=2, passage="b", document=uuid4(), title="Blue mug [9]", source="shop")
ENTRY = Citation(marker=3, passage="c", document=uuid4(), title="Do you ship abroad?", source="knowledge")
ALL = (RETURNS, MUG, ENTRY)


def test_notes_say_document_section_and_pages_the_catalogue_and_the_knowledge_base() -> None:
    assert endnotes(ALL, "en").splitlines() == [
        "Sources:",
        "[1] returns.pdf, “Refunds”, pages 3–4",
        "[2] our catalogue: Blue mug (9)",
        "[3] our knowledge base: Do you ship abroad?",
    ]
    assert endnotes([RETURNS], "de") == "Quellen:\n[1] returns.pdf, “Refunds”, Seiten 3–4"
    assert endnotes([MUG], "hu") == "Sources:\n[2] our catalogue: Blue mug (9)", "as in English"


def test_in_the_sentence_each_marker_becomes_what_it_cites() -> None:
    said = inline("Within 30 days [1]. It costs 5 euros [2][3]. Yes.", ALL, None)
    assert said == (
        "Within 30 days (returns.pdf, “Refunds”, pages 3–4). "
        "It costs 5 euros (our catalogue: Blue mug (9); our knowledge base: Do you ship abroad?). Yes."
    )


def test_what_is_cited_twice_side_by_side_stands_there_once() -> None:
    same = Citation(marker=2, passage="b", document=RETURNS.document, title="faq.txt")
    again = Citation(marker=3, passage="c", document=RETURNS.document, title="faq.txt")
    assert inline("Yes [2] [3].", [same, again], "fr") == "Yes (faq.txt)."
