"""Whether passages bear out the sentence that cites them: a figure that they do not have takes its citation away. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from domain.answers.attribution.figures import Figure, claimed, known_in, stands_in
from domain.retrieval.markers import MARKER

_SAYS = re.compile(r"\w")
_ITEM = re.compile(r"\A(?:[^\S\n]*\n\s*)?(?:[-*+•–>#|]+\s*)*\(?(?:\d{1,3}[.):]\**\s|\d\ufe0f?\u20e3)")
"""A line's number in a list, which claims nothing."""

_Group = list[re.Match[str]]


class _Claim:
    """What `markers` side by side speak for: its figures."""

    def __init__(self, markers: _Group, figures: tuple[Figure, ...]) -> None:
        self.markers, self.figures = markers, figures


class Bearing:
    """Of `sources`, the texts of passages, which markers point at: [1] at the first."""

    def __init__(self, sources: Sequence[str]) -> None:
        self._sources = sources
        self._known: list[frozenset[str] | None] = [None] * len(sources)

    def kept(self, sentence: str, before: str) -> str:
        """The sentence without the markers that point nowhere, and without those whose passages lack a figure that they speak for.

        Markers side by side speak together for the words before them, up to the markers that stay there, and the last ones for the rest of
        the sentence too; where a sentence begins with markers, each speak for the words behind them. Markers alone speak for the sentence `before`.
        """
        groups = _groups(sentence)
        stay = {match.start() for match in self._borne_out(sentence, groups, before)} if groups else set()
        parts, end = list[str](), 0
        for match in (match for group in groups for match in group):
            parts.append(sentence[end : match.start()])
            if match.start() in stay:
                parts.append(match[0])
            end = match.end()
        return "".join((*parts, sentence[end:]))

    def _borne_out(self, sentence: str, groups: Sequence[_Group], before: str) -> _Group:
        there = [[each for each in group if 1 <= int(each[1]) <= len(self._sources)] for group in groups]
        if not any(there):
            return []
        begins, ends = [0, *[each[-1].end() for each in groups]], [each[0].start() for each in groups]
        words = [sentence[a:b] for a, b in zip(begins, [*ends, len(sentence)], strict=True)]
        words[0] = _ITEM.sub("", words[0])
        if not any(map(_says, words)):
            if not _says(before):
                return []  # they speak for nothing
            words[0] = _ITEM.sub("", before)
        figures = [claimed(each) for each in words]
        if _says(words[0]):
            return self._for_words_before(there, figures)
        return self._for_words_behind(there, figures[1:])

    def _for_words_before(self, groups: Sequence[_Group], figures: Sequence[tuple[Figure, ...]]) -> _Group:
        """Whoever reads on takes what has lost its markers as said by the next that stay, and the rest as said by the last."""
        kept, waiting = list[_Claim](), tuple[Figure, ...]()
        for group, own in zip(groups, figures, strict=False):
            claim = _Claim(group, (*waiting, *own))
            if group and self._holds(claim):
                kept.append(claim)
                waiting = ()
            else:
                waiting = claim.figures
        return self._with(kept, (*waiting, *figures[-1]))

    def _for_words_behind(self, groups: Sequence[_Group], figures: Sequence[tuple[Figure, ...]]) -> _Group:
        kept = list[_Claim]()
        for group, own in zip(groups, figures, strict=True):
            claim = _Claim(group, own)
            if group and self._holds(claim):
                kept.append(claim)
            else:
                self._with(kept, own)
        return self._with(kept, ())

    def _with(self, kept: list[_Claim], more: tuple[Figure, ...]) -> _Group:
        """The last claim that holds with what stands behind it takes it over; those behind that one go."""
        while kept:
            kept[-1].figures += more
            if self._holds(kept[-1]):
                break
            more = kept.pop().figures
        return [each for claim in kept for each in claim.markers]

    def _holds(self, claim: _Claim) -> bool:
        known = [self._values(int(each[1]) - 1) for each in claim.markers]
        return all(stands_in(figure, known) for figure in claim.figures)

    def _values(self, index: int) -> frozenset[str]:
        values = self._known[index]
        if values is None:
            values = self._known[index] = known_in(self._sources[index])
        return values


def leads(text: str) -> bool:
    """Whether a sentence begins with markers."""
    match = MARKER.search(text)
    return match is not None and not _says(text[: match.start()])


def _says(text: str) -> bool:
    return _SAYS.search(text) is not None


def _groups(text: str) -> list[_Group]:
    """Markers that stand side by side."""
    groups = list[_Group]()
    for match in MARKER.finditer(text):
        if groups and not text[groups[-1][-1].end() : match.start()].strip(" ,;"):
            groups[-1].append(match)
        else:
            groups.append([match])
    return groups
