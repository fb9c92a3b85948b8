"""Passages read into statements that may answer a question: sentences under their heading, questions of an FAQ with their answers."""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from domain.base.sentences import is_heading, sentences

LONGEST = 3
"""Sentences of an answer in an FAQ."""

ENDINGS = ("ings", "ing", "ies", "ied", "ers", "ed", "es", "er", "s", "e", "y")
_WORD = re.compile(r"[^\W_]+")
_LABEL = re.compile(r"^(?:(?:[QA]|Question|Answer)\s*\d*\s*[:.)]|\d{1,3}[.)]|[-•*–]|#+)\s+", re.IGNORECASE)
_STOP = re.compile(
    "a|about|all|also|am|an|and|any|anything|are|as|at|be|been|but|by|can|could|did|do|does|for|from|get|give|got|had|has|have|hello|"
    "hey|hi|how|i|if|in|into|is|it|its|just|know|let|like|many|may|me|much|must|my|no|not|now|of|ok|on|or|our|please|really|"
    "shall|should|so|some|something|tell|than|thank|thanks|that|the|their|them|then|there|these|they|thing|this|to|too|us|"
    "go|one|up|out|off|over|want|was|we|were|what|when|which|who|whom|whose|why|will|with|would|yes|you|your|s|t|d|m|ll|re|ve|don|doesn|didn|isn|aren|won"
)


class Kind(msgspec.Struct, frozen=True):
    """What a question may ask for, told by its words, and what a statement that gives it looks like. `needed`: a statement
    without it is hardly an answer."""

    asked: re.Pattern[str]
    given: re.Pattern[str]
    needed: bool


def _kind(asked: str, given: str, *, needed: bool = True) -> Kind:
    return Kind(re.compile(asked, re.IGNORECASE), re.compile(given, re.IGNORECASE), needed)


_HOUR = "(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)"
_NUMBER = r"(?:\d[\d.,]*|an?|half|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)"
KINDS = (
    _kind(
        r"\bhow (?:much|expensive)\b|\b(?:cost|price|fee)s?\b",
        r"[$€£¥]|\b(?:euros?|dollars?|pounds?|usd|eur|cents?|free|price|percent)\b|%",
    ),
    _kind(
        r"\bhow (?:long|soon|fast|quick(?:ly)?)\b",
        rf"\b{_NUMBER}[ -](?:\w+ )?(?:second|minute|hour|day|week|month|year)s?\b",
    ),
    _kind(
        r"\b(?:when|what time|hours|opening)\b",
        r"\b\d{1,2}(?::\d\d| ?[ap]\.?m\b)|\b(?:mon|tues|wednes|thurs|fri|satur|sun)days?\b|\b(?:days?|weeks?|hours?|until|as soon as|noon|midnight|o['’]clock)\b"
        rf"|\b(?:from|between|at|till|by) {_HOUR}\b|\b{_HOUR} (?:to|till) {_HOUR}\b",
        needed=False,
    ),
    _kind(r"\b(?:phone|telephone|call|number)\b", r"\+\d[\d ()/-]{6,}|\b0\d[\d ()/-]{6,}"),
    _kind(r"\be-?mail(?: address)?\b", r"\S@\S"),
    _kind(
        r"\bwhere\b|(?<!mail )\b(?:address|located|location)\b",
        r"\b\d+ [A-Z]\w+ (?:street|road|avenue|lane|square)|\b(?:street|road|avenue|square) \d|\b(?:level|floor|opposite|station|entrance)\b",
        needed=False,
    ),
    _kind(
        r"\bhow (?:far|tall|high|deep|wide)\b",
        rf"\b{_NUMBER} (?:to \d+ )?(?:kilo|centi|milli)?(?:met(?:er|re)|mile|inch|foot|feet|k?m\b|cm\b|mm\b)",
    ),
    _kind(r"\bhow heavy\b|\bweight\b", rf"\b{_NUMBER} (?:kilo)?(?:gram|kg\b|g\b|pound|ounce|ton)"),
    _kind(r"\bhow (?:hot|warm|cold)\b|\btemperature\b", r"\d ?(?:°|degrees?)"),
    _kind(
        r"\bhow (?:many|old|big|large|bright)\b|\bsizes?\b",
        rf"\d|\b{_NUMBER}\b",
    ),
)


class Statement(msgspec.Struct, frozen=True, kw_only=True):
    """`shown` is the answer that it gives; `words` its own, `around` those of the heading or question that it stands under."""

    shown: str
    heading: str
    words: frozenset[str]
    around: frozenset[str]
    meaning: str
    """The text whose vector stands for it."""
    gives: tuple[bool, ...]
    """Which of the KINDS it gives."""


def statements(text: str, section: str | None) -> list[Statement]:
    """`section` is the heading above the text, unless the text holds it."""
    return [each for each in _read(text, section) if each.shown and each.words]


def words(text: str) -> frozenset[str]:
    """The words that mean something, in lower case."""
    return frozenset(word for word in _WORD.findall(text.lower()) if not _STOP.fullmatch(word))


def stem(word: str) -> str:
    """Roughly the word without its ending: enough to let `opening`, `opens` and `open` meet."""
    if word.endswith(ENDINGS):
        for ending in ENDINGS:
            if word.endswith(ending) and len(word) - len(ending) >= 3:
                return word[: -len(ending)]
    return word


def _read(text: str, section: str | None) -> Iterator[Statement]:
    lines = text.splitlines()
    heading = section if section and section not in (line.lstrip("# ") for line in lines) else ""
    asked = ""  # the question that waits for its answer, alone on the line before
    for line in lines:
        if is_heading(line):
            heading, asked = _LABEL.sub("", line), ""
            continue
        answer: list[str] = []
        for sentence in [_LABEL.sub("", sentence) for sentence in sentences(line)]:
            if sentence.endswith(("?", "？")):
                yield _pair(asked, answer)
                asked, answer = sentence, []
                continue
            answer.append(sentence)
            around = asked or heading
            yield Statement(
                shown=sentence,
                heading="" if asked else heading,
                words=words(sentence),
                around=words(around),
                meaning=f"{around} {sentence}" if around else sentence,
                gives=_gives(sentence),
            )
        yield _pair(asked, answer)
        asked = asked if not answer else ""


def _pair(question: str, answer: list[str]) -> Statement:
    """A question with its answer; nothing to show when either is missing."""
    shown = " ".join(answer[:LONGEST]) if question else ""
    return Statement(
        shown=shown,
        heading="",
        words=words(question) | words(shown),
        around=frozenset(),
        meaning=question,
        gives=_gives(shown),
    )


def _gives(text: str) -> tuple[bool, ...]:
    return tuple(kind.given.search(text) is not None for kind in KINDS)
