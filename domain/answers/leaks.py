"""Leaks: an answer that carries the canary, or copies the system prompt, in one piece or as it is streamed. Pure.

Texts are compared by their letters and digits alone, so that blanks, punctuation, capitals or wide letters in between hide nothing; and once
more without markers as [1], whose figures stand between the letters. The canary is also found backwards, and in the encodings that a model
can be talked into.
"""

from __future__ import annotations

import base64
import codecs
import re
import unicodedata
from functools import lru_cache

import msgspec

from domain.retrieval.markers import NUMBER

COPIED = 64
"""Letters and digits in a row that an answer has in common with the rules: then it copies them."""

CARRIED = 10
"""The same of the canary, or of a form of it."""

_GRAM = COPIED // 2
_OTHERS = re.compile(r"[^0-9a-z]+")
_OPEN = re.compile(r"\[\d{0,3}\Z")
"""What may become a marker with what comes next."""

_SUSPECT, _CHANCE = 4, 16
"""From so many on, what may become the canary, or a copy of the rules, waits for what comes next."""


class Watched(msgspec.Struct, frozen=True, kw_only=True):
    """What must not leave in an answer: `canary` is the word itself, `rules` the text of the system prompt that is nobody else's."""

    canary: str
    rules: str

    def leak_in(self, text: str) -> str | None:
        """How a whole answer, as it is told, gives it away; None: it does not."""
        needles, rules = _needles(self.canary), _plain_rules(self.rules)
        bare = NUMBER.sub("", text)
        return _found(_plain(text), needles, rules) or (
            _found(_plain(bare), needles, rules) if len(bare) < len(text) else None
        )


class Watching:
    """An answer on its way to whoever asked: takes its pieces as they are told, gives what is safe. From a leak on nothing more is given;
    what came before it is no more of it than a chance match."""

    def __init__(self, watched: Watched) -> None:
        self._needles, self._rules = _needles(watched.canary), _plain_rules(watched.rules)
        self._hay = "\n".join(self._needles)
        self._waiting, self._open = "", ""
        self._plain, self._bare = "", ""
        self.leak: str | None = None

    def take(self, piece: str) -> str:
        """What can be told by now; may be empty."""
        if self.leak is not None:
            return ""
        self._waiting += piece
        text = self._open + piece
        match = _OPEN.search(text)
        end = len(text) if match is None else match.start()
        self._open = text[end:]
        self._look(_plain(piece), _plain(NUMBER.sub("", text[:end])))
        if self.leak is not None:
            return ""
        held = self._held()
        safe, self._waiting = self._waiting[:held], self._waiting[held:]
        return safe

    def end(self) -> str:
        """What is left, once all has come."""
        self._look("", _plain(self._open))
        left, self._waiting, self._open = self._waiting, "", ""
        return left

    def _look(self, plain: str, bare: str) -> None:
        """At letters and digits that have come; `bare`: those outside of markers."""
        plain, bare = self._plain + plain, self._bare + bare
        self.leak = self.leak or _found(plain, self._needles, self._rules)
        if self.leak is None and bare != plain:
            self.leak = _found(bare, self._needles, self._rules)
        if self.leak is not None:
            self._waiting = ""
        self._plain, self._bare = plain[-2 * COPIED :], bare[-2 * COPIED :]

    def _held(self) -> int:
        """Where in `_waiting` begins what waits for what comes next: never within a marker."""
        waiting = self._waiting
        held = min(
            len(waiting) - len(self._open),
            _behind(waiting, self._suspects(self._plain)),
            _behind(_blanked(waiting, self._open), self._suspects(self._bare)),
        )
        for match in NUMBER.finditer(waiting):
            if match.start() < held < match.end():
                return match.start()
        return held

    def _suspects(self, plain: str) -> int:
        """Letters and digits at its end that may go on to a leak."""
        return max(_suffix(plain, self._hay, _SUSPECT), _suffix(plain, self._rules, _CHANCE))


def _found(plain: str, needles: tuple[str, ...], rules: str) -> str | None:
    for needle in needles:
        for at in range(len(needle) - CARRIED + 1):
            if needle[at : at + CARRIED] in plain:
                return "canary: the answer carries the word that stands in the system prompt alone"
    # A copy of COPIED letters holds one of these whole, wherever it begins.
    for at in range(0, len(rules) - _GRAM + 1, _GRAM):
        gram = rules[at : at + _GRAM]
        place = plain.find(gram)
        while place >= 0:
            if _run(plain, place, rules, at) >= COPIED:
                return f"copy: the answer has {COPIED} letters in a row in common with the system prompt"
            place = plain.find(gram, place + 1)
    return None


def _run(plain: str, place: int, rules: str, at: int) -> int:
    """How long what they have in common around there is."""
    begin, end = 0, _GRAM
    while place - begin > 0 and at - begin > 0 and plain[place - begin - 1] == rules[at - begin - 1]:
        begin += 1
    while place + end < len(plain) and at + end < len(rules) and plain[place + end] == rules[at + end]:
        end += 1
    return begin + end


def _suffix(plain: str, hay: str, least: int) -> int:
    """The longest end of `plain` that stands in `hay`; 0 where that is shorter than `least`."""
    length = least
    while length <= len(plain) and plain[-length:] in hay:
        length += 1
    return length - 1 if length > least else 0


def _behind(text: str, count: int) -> int:
    """Where the last `count` letters and digits of `text` begin."""
    at = len(text)
    while count and at:
        at -= 1
        count -= text[at].isalnum()
    return at


def _blanked(text: str, open: str) -> str:
    """As long, without the figures of markers and of the open one at its end."""
    whole = text[: len(text) - len(open)]
    return NUMBER.sub(lambda match: " " * len(match[0]), whole) + " " * len(open)


def _plain(text: str) -> str:
    if text.isascii():
        return _OTHERS.sub("", text.lower())
    return "".join([_folded(each) for each in text if each.isalnum()])


def _folded(letter: str) -> str:
    """One letter for one."""
    if letter.isascii():
        return letter.lower()
    return (unicodedata.normalize("NFKC", letter) or letter)[0].lower()[0]


@lru_cache(maxsize=512)
def _plain_rules(rules: str) -> str:
    """They are the same for all answers of a tenant until it changes them."""
    return _plain(rules)


@lru_cache(maxsize=64)
def _needles(canary: str) -> tuple[str, ...]:
    raw = canary.encode()
    # What stands before a text shifts its base64 by one of three.
    shifted = [base64.b64encode(b"\0" * by + raw).decode()[by and 4 :].rstrip("=")[:-1] for by in range(3)]
    forms = [canary, canary[::-1], raw.hex(), codecs.encode(canary, "rot13"), *shifted]
    return tuple(_plain(form) for form in forms)
