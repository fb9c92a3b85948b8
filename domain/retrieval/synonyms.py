"""Query expansion by a tenant's synonyms: a word of a question is wherever one is that means the same. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache

import msgspec

from domain.retrieval.terms import Wanted, wanted

Groups = tuple[tuple[str, ...], ...]
"""Words and phrases that mean the same, a group each."""


class _Group(msgspec.Struct, frozen=True):
    """Of each member, the terms of its words."""

    members: tuple[tuple[frozenset[str], ...], ...]


def expanded(words: Sequence[Wanted], synonyms: Groups, languages: Iterable[str]) -> list[Wanted]:
    """The words, each with the terms of what means the same. A phrase is one where all of its words are asked for; in a text any of them counts."""
    groups, by_term = _known(synonyms, frozenset(languages))
    asked = {term: place for place, word in enumerate(words) for term in word.terms}
    found: dict[int, dict[str, None]] = {}
    for number in sorted({group for term in asked for group in by_term.get(term, ())}):
        for member in groups[number].members:
            places = [{asked[term] for term in word if term in asked} for word in member]
            if not all(places):
                continue
            others = (word for other in groups[number].members if other is not member for word in other)
            terms = dict.fromkeys(term for word in others for term in sorted(word))
            for place in set().union(*places):
                found.setdefault(place, {}).update(terms)
    return [
        msgspec.structs.replace(word, terms=tuple(dict.fromkeys((*word.terms, *found[place]))))
        if place in found
        else word
        for place, word in enumerate(words)
    ]


@lru_cache(maxsize=64)
def _known(synonyms: Groups, languages: frozenset[str]) -> tuple[list[_Group], dict[str, list[int]]]:
    """The groups, and in which of them a term is."""
    groups: list[_Group] = []
    by_term: dict[str, list[int]] = {}
    for number, names in enumerate(synonyms):
        members = tuple(
            tuple(
                frozenset(word.terms) for word in wanted(name, languages) if word.weight == 1
            )  # no parts of an order number
            for name in names
        )
        groups.append(_Group(tuple(member for member in members if member)))
        for term in {term for member in members for word in member for term in word}:
            by_term.setdefault(term, []).append(number)
    return groups, by_term
