"""Chunk sizes: how many tokens a chunk of a document has, and how many of them the one before has too."""

from __future__ import annotations

import msgspec

from domain.base.errors import Invalid

ROOM = 50
"""Tokens at least between the smallest and the largest, and in the smallest beyond twice the overlap: else there may be no place to cut."""

SHORTEST_PART = 20
"""Tokens of a part of a sentence that is too long, where the overlap is less: smaller ones say nothing."""


class ChunkSizes(msgspec.Struct, frozen=True, kw_only=True):
    """In tokens. The last chunk of a text may be smaller than `smallest`."""

    smallest: int = 300
    largest: int = 500
    overlap: int = 50

    def check(self) -> None:
        """Raises Invalid: between such sizes a text can't be cut."""
        if self.largest < self.smallest + ROOM:
            raise Invalid(
                f"largest_chunk ({self.largest}) is at least {ROOM} tokens above smallest_chunk ({self.smallest}), "
                "so that there is a place to cut between two sentences"
            )
        if self.smallest < 2 * self.overlap + ROOM:
            raise Invalid(
                f"smallest_chunk ({self.smallest}) is at least {ROOM} tokens above twice chunk_overlap ({self.overlap}), "
                "so that each chunk says something of its own; make the overlap smaller or the chunks larger"
            )

    @property
    def sentence(self) -> int:
        """A sentence of fewer tokens is never cut. So there is always a place to cut: what does not fit any more leaves at least `smallest`
        behind, and what stays fits beside the overlap."""
        return min(self.largest - self.smallest, self.smallest - 2 * self.overlap)

    @property
    def part(self) -> int:
        """A part of a longer sentence has fewer tokens: it fits into the overlap."""
        return min(max(self.overlap, SHORTEST_PART), self.sentence)
