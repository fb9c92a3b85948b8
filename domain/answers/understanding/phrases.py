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
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache

import msgspec

from domain.answers.understanding.tokens import WORD, folded

GAP = 3
"""Words that `~` stands for at most."""

BEGUN = 4_096
"""Words of texts whose entries are kept at hand."""

_PIECE = re.compile(rf"{WORD}\*?|[~()|\[\]]")


class Found(msgspec.Struct, frozen=True):
    """An entry of `label` stands at the tokens from `first` up to, without, `last`."""

    label: str
    first: int
    last: int


class _Node:
    """A state of the automaton that the table is."""

    __slots__ = ("accepts", "gap", "prefixes", "words")

    def __init__(self) -> None:
        self.words: dict[str, list[_Node]] = {}
        self.prefixes: dict[int, dict[str, list[_Node]]] = {}
        self.gap: list[_Node] = []
        self.accepts: set[str] = set()

    def like(self, other: _Node) -> None:
        """From here it goes on as from `other`, too: what is between may be left out."""
        for word, nodes in other.words.items():
            self.words.setdefault(word, []).extend(nodes)
        for length, prefixes in other.prefixes.items():
            for prefix, nodes in prefixes.items():
                self.prefixes.setdefault(length, {}).setdefault(prefix, []).extend(nodes)
        self.gap += other.gap
        self.accepts |= other.accepts

    def to(self, word: str, node: _Node) -> None:
        if word == "~":
            self.gap.append(node)
        elif word.endswith("*"):
            self.prefixes.setdefault(len(word) - 1, {}).setdefault(word[:-1], []).append(node)
        else:
            self.words.setdefault(word, []).append(node)

    def steps(self, word: str) -> Iterator[_Node]:
        yield from self.words.get(word, ())
        for length, prefixes in self.prefixes.items():
            if len(word) >= length:
                yield from prefixes.get(word[:length], ())


class Phrases:
    """A table of entries by label, ready to be found."""

    def __init__(self, table: Mapping[str, Iterable[str]]) -> None:
        self._root = _Node()
        for label, entries in table.items():
            for entry in entries:
                self._root.like(_automaton(label, entry))
        self._root.accepts.clear()
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


def _automaton(label: str, entry: str) -> _Node:
    """An entry's states."""
    last = _Node()
    last.accepts.add(label)
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
    return f"{folded(piece[:-1])}*" if piece.endswith("*") else piece if piece == "~" else folded(piece)


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
