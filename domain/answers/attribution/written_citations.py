"""Citations written out for whoever reads an answer where nothing can be looked up: in its sentences, or as notes at its end. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from domain.models.completion import Citation
from domain.retrieval.markers import NUMBER

_GROUP = re.compile(r"\s?\[\d{1,3}\](?:[ ,;]{0,2}\[\d{1,3}\])*")
"""Markers side by side."""


class Words(NamedTuple):
    sources: str
    catalogue: str
    knowledge: str
    page: str
    pages: str


ENGLISH = Words("Sources", "our catalogue", "our knowledge base", "page", "pages")
WORDS = {
    "de": Words("Quellen", "unser Katalog", "unsere Wissensdatenbank", "Seite", "Seiten"),
    "en": ENGLISH,
    "es": Words("Fuentes", "nuestro catálogo", "nuestra base de conocimientos", "página", "páginas"),
    "fr": Words("Sources", "notre catalogue", "notre base de connaissances", "page", "pages"),
    "it": Words("Fonti", "il nostro catalogo", "la nostra base di conoscenze", "pagina", "pagine"),
    "nl": Words("Bronnen", "onze catalogus", "onze kennisbank", "pagina", "pagina’s"),
    "pl": Words("Źródła", "nasz katalog", "nasza baza wiedzy", "strona", "strony"),
    "pt": Words("Fontes", "o nosso catálogo", "a nossa base de conhecimento", "página", "páginas"),
}
"""Language (ISO 639-1) → how it is said; in others as in English."""


def inline(text: str, citations: Sequence[Citation], language: str | None) -> str:
    """With what it cites in brackets in place of each marker, as `(returns.pdf, page 3)`."""
    words = WORDS.get(language or "", ENGLISH)
    named = {each.marker: _named(each, words) for each in citations}

    def written(found: re.Match[str]) -> str:
        names = [named[number] for number in map(int, NUMBER.findall(found[0])) if number in named]
        return f" ({'; '.join(dict.fromkeys(names))})" if names else ""

    return _GROUP.sub(written, text)


def endnotes(citations: Sequence[Citation], language: str | None) -> str:
    """A list of what its markers mean, a line each."""
    words = WORDS.get(language or "", ENGLISH)
    return "\n".join([f"{words.sources}:", *(f"[{each.marker}] {_named(each, words)}" for each in citations)])


def _named(citation: Citation, words: Words) -> str:
    """Document with section and page; what is looked up in a catalogue has neither."""
    title = _unmarked(citation.title)
    if citation.source == "shop":
        return f"{words.catalogue}: {title}"
    if citation.source == "knowledge":
        return f"{words.knowledge}: {title}"
    parts = [title]
    if citation.section:
        parts.append(f"“{_unmarked(citation.section)}”")
    if citation.page is not None:
        one = citation.last_page is None or citation.last_page == citation.page
        parts.append(
            f"{words.page} {citation.page}" if one else f"{words.pages} {citation.page}–{citation.last_page}"
        )
    return ", ".join(parts)


def _unmarked(text: str) -> str:
    """A title with a number in square brackets is no marker."""
    return " ".join(NUMBER.sub(r"(\1)", text).split())
