"""Spelling: words that are nearly the business's own, and which are meant (Damerau-Levenshtein, by rapidfuzz). Pure."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import msgspec
from rapidfuzz import process
from rapidfuzz.distance import OSA

from domain.answers.understanding.result import Business, Correction
from domain.answers.understanding.tokens import tokens

SHORTEST = 4
"""Letters of a word that is looked up; a shorter one is too near to too much."""

NAMES, LOOKED_UP, MOST = 5_000, 60, 10
"""Names of a business, words of a text, and corrections of it, at most."""

NEAR = 0.6
"""Similarity from which on a name may be meant; from `result.SURE` on it is taken as meant."""

UNCLEAR = 0.75
"""Factor where another name is as near."""

LONGEST = 3
"""Words of a name that is looked up as a whole."""


class Vocabulary(msgspec.Struct, frozen=True, kw_only=True):
    """`names`: folded, as written; their words as well, where they are long enough to stand alone."""

    names: dict[str, str]
    aliases: dict[str, str]
    words: frozenset[str]
    by_length: dict[int, tuple[str, ...]]
    """Names by the number of their words."""


def vocabulary(business: Business) -> Vocabulary:
    return _vocabulary(
        business.names[:NAMES], business.topics[:NAMES], tuple(business.aliases.items())[:NAMES]
    )


@lru_cache(maxsize=64)
def _vocabulary(
    names: Sequence[str], topics: Sequence[str], aliases: Sequence[tuple[str, str]]
) -> Vocabulary:
    folded: dict[str, str] = {}
    for name in (*names, *topics):
        text = tokens(name)
        folded.setdefault(" ".join(text.words), name)
        for at, word in enumerate(text.words):
            if len(word) > SHORTEST and not word.isdigit():
                folded.setdefault(word, text.between(at, at + 1))
    folded.pop("", None)
    short = {" ".join(tokens(alias).words): name for alias, name in aliases}
    words = frozenset(word for name in (*folded, *short) for word in name.split())
    lengths = {
        length: tuple(name for name in folded if name.count(" ") == length - 1)
        for length in range(1, LONGEST + 1)
    }
    return Vocabulary(names=folded, aliases=short, words=words, by_length=lengths)


def corrections(words: Sequence[str], business: Vocabulary, common: frozenset[str]) -> tuple[Correction, ...]:
    """`common`: words of the language that are no slips, however near they are to a name."""
    found: dict[str, Correction] = {}
    taken: set[int] = set()
    looked_up = 0
    for length in range(LONGEST, 0, -1):
        for first in range(len(words) - length + 1):
            span = range(first, first + length)
            typed = " ".join(words[first : first + length])
            if taken & set(span) or typed in found or len(found) >= MOST:
                continue
            if (name := business.aliases.get(typed)) is not None:
                found[typed] = Correction(typed=typed, meant=name, confidence=1.0)
                taken |= set(span)
                continue
            strange = [word for word in words[first : first + length] if word not in business.words]
            if (
                typed in business.names
                or not strange
                or looked_up >= LOOKED_UP
                or not business.by_length[length]
            ):
                continue
            if any(word in common or len(word) < SHORTEST or not word.isalpha() for word in strange):
                continue
            looked_up += 1
            if (correction := _nearest(typed, business, length)) is not None:
                found[typed] = correction
                taken |= set(span)
    return tuple(found.values())


def as_meant(text: str, corrected: Sequence[Correction]) -> str:
    """The text with what is meant in the place of what was typed; as it is where nothing of it was."""
    read = tokens(text)
    meant = {tuple(each.typed.split()): each.meant for each in corrected}
    parts, at, token = list[str](), 0, 0
    while token < len(read.words):
        for length in range(min(LONGEST, len(read.words) - token), 0, -1):
            if (name := meant.get(tuple(read.words[token : token + length]))) is not None:
                parts += [read.text[at : read.starts[token]], name]
                at = read.ends[token + length - 1]
                token += length
                break
        else:
            token += 1
    return "".join((*parts, read.text[at:])) if parts else text


def _nearest(typed: str, business: Vocabulary, length: int) -> Correction | None:
    near = process.extract(
        typed, business.by_length[length], scorer=OSA.normalized_similarity, score_cutoff=NEAR, limit=2
    )
    if not near:
        return None
    name, confidence, _ = near[0]
    if len(near) > 1 and near[1][1] >= confidence:
        confidence *= UNCLEAR
    if name[0] != typed[0]:  # slips are seldom in the first letter
        confidence -= 0.1
    if confidence < NEAR - 0.1 or typed.rstrip("se") == name.rstrip("se"):  # one is the other's plural
        return None
    return Correction(typed=typed, meant=business.names[name], confidence=round(confidence, 2))
