"""Tokenization for keyword search: what a text is found by. Pure.

Text is in Unicode's normal form C and case-folded; accents, soft hyphens and the many quotes and hyphens make no difference. What has
inner punctuation (order numbers, compounds with hyphens) is found as a whole, however it is punctuated, and by its parts; prices and other
numbers by their value, however they are written; addresses on the web and of mail as they were typed. Words of a language that a stemmer
is there for are found in any of their forms. Scripts that do not part words are found by each two characters.
"""

from __future__ import annotations

import re
import sys
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from functools import cache, lru_cache
from itertools import pairwise

import msgspec
import Stemmer

STEMMERS = {
    "ar": "arabic", "ca": "catalan", "cs": "czech", "da": "danish", "de": "german", "el": "greek", "en": "english", "es": "spanish",
    "et": "estonian", "eu": "basque", "fi": "finnish", "fr": "french", "ga": "irish", "hi": "hindi", "hu": "hungarian", "hy": "armenian",
    "id": "indonesian", "it": "italian", "lt": "lithuanian", "ne": "nepali", "nl": "dutch", "no": "norwegian", "pl": "polish",
    "pt": "portuguese", "ro": "romanian", "ru": "russian", "sr": "serbian", "sv": "swedish", "ta": "tamil", "tr": "turkish",
}  # fmt: skip
"""ISO 639-1 → Snowball's name. https://snowballstem.org/algorithms/"""

RULES = 2
"""Raised when other terms come of a text; a schema file then owes that what was indexed by other rules is indexed again (216_index_words.sql)."""

LONGEST = 64
"""Characters of a term; longer ones (base64, tables drawn with letters) are cut."""

PART = 0.5
"""What a part of an order number or a compound counts, beside the whole."""

SHORTEST = 4
"""Letters of a word that may be spelled wrongly; a shorter one is too near to too much."""

MOST = 24
"""Words of a question that are looked for: those with figures first, then the longest, which are the rarest."""


MEANT = 0.8
"""What a word counts that is meant perhaps, beside one that was written."""


class Wanted(msgspec.Struct, frozen=True):
    """A word of a question: it is where any of its `terms` is. `typed`: a number, an order number, an address, of which meaning knows nothing."""

    terms: tuple[str, ...]
    weight: float = 1.0
    typed: bool = False


def _marks() -> str:
    """Combining characters, for a class of `re`: its \\w lacks them, and with them the vowels of Hindi."""
    marks = [code for code in range(0x300, 0x10000) if unicodedata.category(chr(code))[0] == "M"]
    starts = [code for code, before in zip(marks, [-1, *marks], strict=False) if code != before + 1]
    ends = [code for code, after in zip(marks, [*marks[1:], -1], strict=False) if code != after - 1]
    return "".join(f"{chr(start)}-{chr(end)}" for start, end in zip(starts, ends, strict=True))


_LETTER = rf"(?:[^\W_]|[{_marks()}])"
_WORD = re.compile(rf"{_LETTER}+")
_RUN = re.compile(rf"{_LETTER}(?:\S*{_LETTER})?")
"""From the first to the last letter or digit of what stands between spaces."""
_UNPARTED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\U00020000-\U0003ffff]+"
)
_ADDRESS = re.compile(
    r"(?:https?://|www\.)\S+|[^\s@/]+@[^\s@/]+\.[^\W\d_]{2,}|(?:[\w-]+\.)+[^\W\d_]{2,}(?:[/?#]\S*)?"
)
_SCHEME = re.compile(r"^(?:https?://)?(?:www\.)?")
_NUMBER = re.compile(r"\d+(?:[.,']\d+)+|\d+")
_BETWEEN_DIGITS = re.compile("(?<=\\d)[\u00a0\u2009\u202f](?=\\d{3}(?!\\d))")
_DASHES = dict.fromkeys((*range(0x2010, 0x2016), 0x2212, 0xFE58, 0xFE63, 0xFF0D), "-")
_QUOTES = dict.fromkeys((0x2018, 0x2019, 0x201B, 0x02BC, 0x00B4, 0x0060, 0xFF07), "'")
_NOTHING = dict.fromkeys((0x00AD, 0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF))
_SAME: dict[int, str | None] = {**_DASHES, **_QUOTES, **_NOTHING}
_ACCENTS = re.compile("[\u0300-\u036f]")


@lru_cache(maxsize=1 << 15)
def terms_of(run: str, language: str | None) -> tuple[str, ...]:
    """The terms of what stands between two spaces of a text, for the index; `language`: the text's, ISO 639-1."""
    words = _words(run, [language] if language else [])
    return tuple(dict.fromkeys(term for wanted in words for term in wanted.terms))


def words_of(run: str) -> list[str]:
    """The words in what stands between two spaces by which others are taken for spelled wrongly, folded as their terms are."""
    parts = (part for part in _WORD.findall(run) if not any(map(str.isdigit, part)))
    return [_plain(part) for part in parts if SHORTEST <= len(part) <= LONGEST and not _UNPARTED.search(part)]


def corrected(word: Wanted, near: Sequence[str], languages: Iterable[str]) -> Wanted:
    """A word of a question that is nowhere, as any of those that may be meant."""
    known = sorted(set(languages))
    terms = dict.fromkeys(term for each in near for term in _forms(each, known))
    return Wanted(tuple(terms), word.weight * MEANT)


def wanted(text: str, languages: Iterable[str]) -> list[Wanted]:
    """What a question looks for; `languages`: those that the texts are in, or the question."""
    known = sorted(set(languages))
    found: dict[tuple[str, ...], Wanted] = {}
    for run in runs(text):
        for word in _words(run, known):
            before = found.get(word.terms)
            if before is None or before.weight < word.weight:
                found[word.terms] = word
    return sorted(found.values(), key=lambda word: (not word.typed, -len(word.terms[0])))[:MOST]


def runs(text: str) -> Iterator[str]:
    """What stands between spaces, without what differs only in how it is written."""
    text = unicodedata.normalize("NFC", text).translate(_SAME)
    text = unicodedata.normalize("NFC", _BETWEEN_DIGITS.sub("", text).casefold())
    return (match.group() for match in _RUN.finditer(text))


def is_address(run: str) -> bool:
    """On the web, or of mail."""
    return _ADDRESS.fullmatch(run) is not None


def _words(run: str, languages: Sequence[str]) -> Iterator[Wanted]:
    """What stands between two spaces, as a whole first."""
    if run.isascii() and run.isalpha():  # as most are
        yield Wanted(_forms(run, languages))
        return
    if is_address(run):
        yield Wanted((_cut("@" + _SCHEME.sub("", run).rstrip("/")),), typed=True)
        for part in _WORD.findall(_SCHEME.sub("", run)):
            yield Wanted(_forms(part, languages), PART)
        return
    numbers = _NUMBER.findall(run)
    if numbers == [run]:
        yield Wanted(values(run), typed=True)
        if run.count(run.lstrip("0123456789")[:1] or " ") > 1:  # a date, as 12.03.2026
            for part in _WORD.findall(run):
                yield Wanted((_cut(part),), PART)
        return
    parts = _WORD.findall(run)
    typed = any(each.isdigit() for each in run)
    if len(parts) > 1:
        joined = "".join(parts)
        yield Wanted(_forms(joined, languages), typed=typed)
        if len(parts) > 2 and not typed:  # E-Mail-Adresse is found by E-Mail too
            for first, second in pairwise(parts):
                yield Wanted(_forms(first + second, languages), PART)
    for number in numbers:
        if not number.isdigit():  # a price that touches its currency
            yield Wanted(values(number), typed=True)
    for part in parts:
        if _UNPARTED.search(part):
            yield from (Wanted((each,)) for each in _pairs(part, languages))
        else:
            yield Wanted(_forms(part, languages), PART if len(parts) > 1 else 1.0, typed and len(parts) == 1)


def values(number: str) -> tuple[str, ...]:
    """What a number may mean, as plain decimals: 1.299,00 is 1299; 1.299 is 1299 or 1.299."""
    separators = [each for each in number if not each.isdigit()]
    if not separators:
        return (_cut(number),)
    last = separators[-1]
    whole, _, rest = number.rpartition(last)
    grouped = all(len(each) == 3 for each in re.split(r"[.,']", number)[1:])
    readings = []
    if len(set(separators)) == 1 and grouped:
        readings.append(re.sub(r"[.,']", "", number))
    if last != "'" and last not in whole:
        digits = re.sub(r"[.,']", "", whole).lstrip("0") or "0"
        readings.append(f"{digits}.{rest}".rstrip("0").rstrip("."))
    return tuple(_cut(each) for each in dict.fromkeys(readings or [number]))


def _forms(word: str, languages: Sequence[str]) -> tuple[str, ...]:
    """A word as it is, and its stems."""
    plain = _cut(_plain(word))
    if any(each.isdigit() for each in word):
        return (plain,)
    stems = [f"~{language} {_stem(language, _cut(word))}" for language in languages if language in STEMMERS]
    return (plain, *stems)


def _plain(word: str) -> str:
    """Without accents, unless it is nothing else."""
    if word.isascii():
        return word
    return unicodedata.normalize("NFC", _ACCENTS.sub("", unicodedata.normalize("NFD", word))) or word


def _pairs(part: str, languages: Sequence[str]) -> Iterator[str]:
    """Each two characters that follow one another where words are not parted; the words beside them."""
    last = 0
    for match in _UNPARTED.finditer(part):
        yield from _forms(part[last : match.start()], languages) if match.start() > last else ()
        run, last = match.group(), match.end()
        yield from (a + b for a, b in pairwise(run)) if len(run) > 1 else (run,)
    if last < len(part):
        yield from _forms(part[last:], languages)


def _stem(language: str, word: str) -> str:
    return str(_stemmer(language).stemWord(word))


@cache
def _stemmer(language: str) -> Stemmer.Stemmer:
    return Stemmer.Stemmer(STEMMERS[language])


def _cut(term: str) -> str:
    return sys.intern(term) if len(term) <= LONGEST else term[:LONGEST]
