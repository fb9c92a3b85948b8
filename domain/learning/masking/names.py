"""Names of persons: those of the conversation's own people, those that somebody is introduced, greeted or signs by. Pure.

No list knows all names: what nobody introduces, greets or signs by, and is no common given name either, is not seen (docs/learning.md).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from functools import cache

from domain.answers.understanding.common import common_words
from domain.answers.understanding.tokens import folded
from domain.learning.masking.words import CLOSINGS, GIVEN_NAMES, GREETINGS, INTRODUCTIONS, NO_NAMES, TITLES

_LETTER = r"[^\W\d_]"
_LOWER = r"a-zß-öø-ÿąćęłńóśźżğışçа-яё"
_ANY = rf"{_LETTER}(?:{_LETTER}|['’.\-](?={_LETTER})){{0,40}}"
_CAP = rf"(?![{_LOWER}]){_ANY}"
"""A word with a capital, or of a script without."""

_BLANK = r"[ \t\u00a0]{1,3}"
_PARTICLE = (
    r"(?:(?:von|van|de|del|della|di|da|dos|du|le|la|der|den|zu|al|el|bin|ibn|abu|ter|mc|o)(?:[ \t'’-]{1,2}))"
)
_NAMED = rf"{_CAP}(?:{_BLANK}{_PARTICLE}{{0,2}}{_CAP}|{_BLANK}[A-Z]\.(?={_BLANK}{_CAP})){{0,3}}"


def _any_of(words: Iterable[str]) -> str:
    return "|".join(
        re.escape(word).replace("\\ ", r"\s{1,2}") for word in sorted(set(words), key=lambda w: (-len(w), w))
    )


_FEW = rf"{_ANY}(?:{_BLANK}{_PARTICLE}{{1,3}}{_CAP}|{_BLANK}{_ANY}){{0,2}}"
_PATTERNS = (
    re.compile(rf"(?<!\w)(?i:{_any_of(INTRODUCTIONS)})[\s:]{{1,3}}({_FEW})"),
    re.compile(rf"(?<!\w)(?i:{_any_of(TITLES)})\.?{_BLANK}({_NAMED})"),
    re.compile(rf"(?<!\w)(?i:{_any_of(GREETINGS)}),?{_BLANK}(?=({_NAMED})\s*(?:[,.!?:;–—\-]|\n|\Z))"),
    re.compile(rf"(?<!\w)(?i:{_any_of(CLOSINGS)})[,.!]?\s{{1,4}}(?=({_NAMED})[ \t]*[,.!]?[ \t]*(?:\n|\Z))"),
    re.compile(rf"(?<!\w)({_NAMED}){_BLANK}(?i:bey|hanım|hanim)(?!\w)"),
)
_SIGNED = re.compile(rf"(?:\A|\n)[ \t]*[-–—]{{1,2}}[ \t]?({_NAMED})[ \t]*\Z")
_WORD = re.compile(_ANY)
_PAIR = re.compile(rf"(?<!\w)({_CAP})({_BLANK}{_PARTICLE}{{0,2}}{_CAP}){{0,2}}")


def names_in(texts: Iterable[str], known: Iterable[str] = ()) -> frozenset[str]:
    """Words that are parts of names in these texts, which belong together; `known`: names that are sure to be some."""
    found: set[str] = set()
    for name in known:
        found.update(word for word in _WORD.findall(unicodedata.normalize("NFC", name)) if len(word) > 1)
    for text in texts:
        found.update(_told_in(unicodedata.normalize("NFC", text)))
    return frozenset(found)


def _told_in(text: str) -> Iterable[str]:
    for number, pattern in enumerate((*_PATTERNS, _SIGNED)):
        for match in pattern.finditer(text):
            yield from _parts(match[1], introduced=number == 0)
    for match in _PAIR.finditer(text):
        words = _WORD.findall(match[0])
        if words[0].lower() in GIVEN_NAMES:
            yield from _parts(match[0], introduced=False)


_SAID_OFTEN = frozenset({*GREETINGS, *CLOSINGS})
_TITLES = frozenset(TITLES)


def _parts(name: str, *, introduced: bool) -> Iterable[str]:
    """The words of a name up to the first that is none."""
    for word in _WORD.findall(name):
        lower = word.lower()
        if _is_particle(lower) or lower in _TITLES:
            continue
        if (
            lower in NO_NAMES
            or lower in _SAID_OFTEN
            or (introduced and not word[0].isupper() and _is_common(word))
        ):
            return
        if len(word) > 1:
            yield word


def _is_particle(word: str) -> bool:
    return re.fullmatch(_PARTICLE.replace(r"(?:[ \t'’-]{1,2})", ""), word) is not None


@cache
def _all_common() -> frozenset[str]:
    return frozenset().union(
        *(common_words(each) for each in ("en", "de", "fr", "es", "it", "pt", "nl", "pl", "tr", "ru", "ar"))
    )


def _is_common(word: str) -> bool:
    return folded(word) in _all_common()


def pattern_of(names: Sequence[str] | frozenset[str]) -> re.Pattern[str] | None:
    """Finds these names, one or several in a row; those that are common words only where they are written with their capital. None: there are
    no names."""
    forms: set[str] = set()
    for name in names:
        loose = len(name) > 2 and not _is_common(name) and name.lower() not in NO_NAMES
        for form in {name, _unaccented(name)}:
            escaped = re.escape(form)
            forms.add(f"(?i:{escaped})" if loose else escaped)
    if not forms:
        return None
    one = f"(?:{'|'.join(sorted(forms, key=lambda form: (-len(form), form)))})(?:['’]?s(?!\\w))?"
    return re.compile(rf"(?<![^\W_]){one}(?:[ \t\u00a0.-]{{1,2}}{_PARTICLE}{{0,3}}{one})*(?![^\W_])")


def _unaccented(text: str) -> str:
    return "".join(each for each in unicodedata.normalize("NFKD", text) if not unicodedata.combining(each))
