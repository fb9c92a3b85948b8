"""Passages read into statements that may answer a question: sentences under their heading, questions of an FAQ with their answers."""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from domain.base.sentences import is_heading, sentences
from infra.providers.local.asking import DROPPED, is_english
from infra.providers.local.kinds import given_kinds

LONGEST = 3
"""Sentences of an answer in an FAQ."""

ENDINGS = ("ings", "ing", "ies", "ied", "ers", "ed", "es", "er", "s", "e", "y")
_WORD = re.compile(r"[^\W_]+")
_KANA = re.compile(r"[\u3040-\u30ff]")
_RUN = re.compile(r"[\u30a0-\u30ff]+|[\u4e00-\u9fff々]+|[^\W_\u3040-\u30ff\u4e00-\u9fff]+")
"""Japanese doesn't part its words: what a change of script parts, without the endings in hiragana."""

_LABEL = re.compile(r"^(?:(?:[QA]|Question|Answer)\s*\d*\s*[:.)]|\d{1,3}[.)]|[-•*–]|#+)\s+", re.IGNORECASE)
_STOP = frozenset(
    [
        "a",
        "about",
        "all",
        "also",
        "am",
        "an",
        "and",
        "any",
        "anything",
        "are",
        "as",
        "at",
        "be",
        "been",
        "but",
        "by",
        "can",
        "could",
        "did",
        "do",
        "does",
        "for",
        "from",
        "get",
        "give",
        "got",
        "had",
        "has",
        "have",
        "hello",
        "hey",
        "hi",
        "how",
        "i",
        "if",
        "in",
        "into",
        "is",
        "it",
        "its",
        "just",
        "know",
        "let",
        "like",
        "many",
        "may",
        "me",
        "much",
        "must",
        "my",
        "no",
        "not",
        "now",
        "of",
        "ok",
        "on",
        "or",
        "our",
        "please",
        "really",
        "shall",
        "should",
        "so",
        "some",
        "something",
        "tell",
        "than",
        "thank",
        "thanks",
        "that",
        "the",
        "their",
        "them",
        "then",
        "there",
        "these",
        "they",
        "thing",
        "this",
        "to",
        "too",
        "us",
        "go",
        "one",
        "up",
        "out",
        "off",
        "over",
        "want",
        "was",
        "we",
        "were",
        "what",
        "when",
        "which",
        "who",
        "whom",
        "whose",
        "why",
        "will",
        "with",
        "would",
        "yes",
        "you",
        "your",
        "s",
        "t",
        "d",
        "m",
        "ll",
        "re",
        "ve",
        "don",
        "doesn",
        "didn",
        "isn",
        "aren",
        "won",
    ]
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
    pattern = _WORD if text.isascii() or not _KANA.search(text) else _RUN
    return frozenset(pattern.findall(text.lower())) - _STOP


def asked_words(question: str, foreign: bool) -> frozenset[str]:
    """As `words`; without those that say nothing in a `foreign` question, of another language than English."""
    found = words(question)
    return found - DROPPED if foreign else found


def stem(word: str) -> str:
    """Roughly the word without its ending: enough to let `opening`, `opens` and `open` meet."""
    if word.endswith(ENDINGS):
        for ending in ENDINGS:
            if word.endswith(ending) and len(word) - len(ending) >= 3:
                return word[: -len(ending)]
    return word


def _read(text: str, section: str | None) -> Iterator[Statement]:
    lines, foreign = text.splitlines(), not is_english(text)
    heading = section if section and section not in (line.lstrip("# ") for line in lines) else ""
    asked = ""  # the question that waits for its answer, alone on the line before
    for line in lines:
        if is_heading(line):
            heading, asked = _LABEL.sub("", line), ""
            continue
        answer: list[str] = []
        for sentence in [_LABEL.sub("", sentence) for sentence in sentences(line)]:
            if sentence.endswith(("?", "？", "؟")):
                yield _pair(asked, answer, foreign)
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
                gives=given_kinds(sentence, foreign),
            )
        yield _pair(asked, answer, foreign)
        asked = asked if not answer else ""


def _pair(question: str, answer: list[str], foreign: bool) -> Statement:
    """A question with its answer; nothing to show when either is missing."""
    shown = " ".join(answer[:LONGEST]) if question else ""
    return Statement(
        shown=shown,
        heading="",
        words=words(question) | words(shown),
        around=frozenset(),
        meaning=question,
        gives=given_kinds(shown, foreign),
    )
