"""Phrase matching: all entries of a table found in one pass over a text's words (a trie of words). Pure.

How an entry is written:

| form | stands for |
|---|---|
| `can not` | these words, one behind the other, however they are capitalised and accented |
| `cancel*` | any word that begins so |
| `(a\\|an\\|the) agent` | one of these |
| `[please] wait` | with or without; `[a\\|the]` likewise |
| `talk ~ agent` | up to three words between |

The table is one automaton: a step costs what fits, not what is listed, and from each word of the text no more than the longest entry is looked at.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

import msgspec

from domain.answers.understanding.tokens import WORD, folded

GAP = 3
"""Words that `~` stands for at most."""

BEGUN = 4_096
"""Words of texts whose entries are kept at hand."""

NOTHING: Mapping[Any, Any] = {}
"""One for all states that lead nowhere."""

_PIECE = re.compile(rf"{WORD}\*?|[~()|\[\]]")


class Found(msgspec.Struct, frozen=True):
    """An entry of `label` stands at the tokens from `first` up to, without, `last`."""

    label: str
    first: int
    last: int


Nodes = tuple["_Node", ...]
Words = Mapping[str, Nodes]


class _Node:
    """A state of the automaton that the table is. What it has is never changed, but replaced, so that states share it: there are 11,000 of them."""

    __slots__ = ("accepts", "gap", "prefixes", "words")

    def __init__(self, accepts: frozenset[str] = frozenset()) -> None:
        self.words: Words = NOTHING
        self.prefixes: Mapping[int, Words] = NOTHING
        self.gap: Nodes = ()
        self.accepts = accepts

    def like(self, other: _Node) -> None:
        """From here it goes on as from `other`, too: what is between may be left out."""
        self.words = _joined(self.words, other.words)
        if other.prefixes:
            lengths = {
                length: _joined(self.prefixes.get(length, NOTHING), each)
                for length, each in other.prefixes.items()
            }
            self.prefixes = {**self.prefixes, **lengths}
        self.gap += other.gap
        self.accepts = self.accepts | other.accepts if self.accepts else other.accepts

    def to(self, word: str, node: _Node) -> None:
        if word == "~":
            self.gap += (node,)
        elif word.endswith("*"):
            length, begun = len(word) - 1, {sys.intern(word[:-1]): (node,)}
            self.prefixes = {**self.prefixes, length: _joined(self.prefixes.get(length, NOTHING), begun)}
        else:
            self.words = _joined(self.words, {word: (node,)})

    def steps(self, word: str) -> Iterator[_Node]:
        yield from self.words.get(word, ())
        for length, prefixes in self.prefixes.items():
            if len(word) >= length:
                yield from prefixes.get(word[:length], ())


def _joined(one: Words, other: Words) -> Words:
    if not one or not other:
        return one or other
    return {**one, **{word: one.get(word, ()) + nodes for word, nodes in other.items()}}


class Phrases:
    """A table of entries by label, ready to be found."""

    def __init__(self, table: Mapping[str, Iterable[str]]) -> None:
        self._root = _Node()
        words: dict[str, Nodes] = {}
        for label, entries in table.items():
            accepts = frozenset((label,))
            for entry in entries:
                first = _automaton(accepts, entry)
                for word, nodes in first.words.items():  # here, for the root has thousands
                    words[word] = words.get(word, ()) + nodes
                first.words = NOTHING
                self._root.like(first)
        self._root.words, self._root.accepts = words, frozenset()
        self._begun = lru_cache(maxsize=BEGUN)(lambda word: tuple(self._root.steps(word)))

    def find(self, words: Sequence[str]) -> list[Found]:
        """In the order in which they begin; the longest of a label for each beginning."""
        found = []
        for first, word in enumerate(words):
            if not self._begun(word):
                continue
            ends: dict[str, int] = {}
            for node, last in self._from(words, first):
                for label in node.accepts:
                    ends[label] = max(last, ends.get(label, 0))
            found += [Found(label, first, last) for label, last in ends.items()]
        return found

    def labels(self, words: Sequence[str]) -> set[str]:
        return {each.label for each in self.find(words)}

    def _from(self, words: Sequence[str], first: int) -> Iterator[tuple[_Node, int]]:
        """The states that entries which begin at `first` lead to, each with the token behind it."""
        states = [(node, first + 1) for node in self._begun(words[first])]
        seen = set()
        while states:
            state = node, at = states.pop()
            if state in seen:
                continue
            seen.add(state)
            yield state
            if at < len(words):
                states += [(following, at + 1) for following in node.steps(words[at])]
            for behind in node.gap:
                for further in range(at + 1, min(at + GAP + 1, len(words))):
                    states += [(following, further + 1) for following in behind.steps(words[further])]


def _automaton(accepts: frozenset[str], entry: str) -> _Node:
    """An entry's states, the last of which `accepts` its label."""
    last = _Node(accepts)
    pieces = _PIECE.findall(entry)
    first = _sequence(pieces, last)
    if pieces or first is last:
        raise ValueError(f"no entry of a word list: {entry!r}")
    return first


def _sequence(pieces: list[str], last: _Node) -> _Node:
    """States that lead to `last`; takes its pieces, from the last one on, up to where the choice or the whole began."""
    node = last
    while pieces and pieces[-1] not in "(|[":
        piece = pieces.pop()
        before = _Node()
        if piece in ")]":
            _choice(pieces, before, node)
            if piece == "]":
                before.like(node)
        else:
            before.to(_word(piece), node)
            if piece == "~":
                before.like(node)
        node = before
    return node


def _choice(pieces: list[str], first: _Node, last: _Node) -> None:
    """All that may stand between these two states."""
    while True:
        node = _sequence(pieces, last)
        if node is last or not pieces:
            raise ValueError("a choice of a word list is empty, or not opened")
        first.like(node)
        if pieces.pop() != "|":
            return


def _word(piece: str) -> str:
    return (
        f"{folded(piece[:-1])}*"
        if piece.endswith("*")
        else piece
        if piece == "~"
        else sys.intern(folded(piece))
    )


class Tables:
    """Entries by label and language; of an unknown language, those of all."""

    def __init__(self, table: Mapping[str, Mapping[str, Iterable[str]]]) -> None:
        self._table = table
        self._languages = {language for entries in table.values() for language in entries}
        self._made: dict[str | None, Phrases] = {}

    def of(self, language: str | None) -> Phrases:
        """Made at the first use."""
        if language not in self._languages:
            language = None
        if language not in self._made:
            self._made[language] = Phrases(
                {
                    label: [
                        entry
                        for each in by_language
                        for entry in by_language[each]
                        if language in (None, each)
                    ]
                    for label, by_language in self._table.items()
                }
            )
        return self._made[language]

    def words(self, language: str | None) -> frozenset[str]:
        """All that stand in the entries of a language."""
        entries = [
            entry
            for table in self._table.values()
            for each in table
            for entry in table[each]
            if language in (None, each)
        ]
        return frozenset(
            _word(piece).rstrip("*")
            for entry in entries
            for piece in _PIECE.findall(entry)
            if piece[0].isalnum()
        )
