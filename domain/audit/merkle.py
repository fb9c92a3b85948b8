"""The Merkle tree of RFC 9162, section 2.1, over SHA-256: one root stands for a list of leaves, in their order.

leaf = SHA-256(0x00 | data)        node = SHA-256(0x01 | left | right)        root of no leaves = SHA-256()

A list of n > 1 leaves is split after its first k, the largest power of two below n. All hashes are 32 bytes; wherever `leaves`
are asked for, they are leaf hashes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256

import msgspec

EMPTY = sha256().digest()
"""The root of a tree without leaves."""

Range = tuple[int, int]
"""Leaves from an index to before another one."""

Digests = Callable[[Sequence[bytes]], list[bytes]]
"""The SHA-256 of messages, in their order."""


def leaf_hash(data: bytes) -> bytes:
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()


def one_by_one(messages: Sequence[bytes]) -> list[bytes]:
    return [sha256(message).digest() for message in messages]


class Tree(msgspec.Struct):
    """A tree that grows at its end. It keeps the roots of its perfect subtrees only, the largest first: one for each bit that
    is set in `size`. Both fields make the same tree again."""

    size: int = 0
    frontier: tuple[bytes, ...] = ()

    def __post_init__(self) -> None:
        if self.size < 0 or len(self.frontier) != self.size.bit_count():
            raise ValueError(f"{self.size} leaves do not have {len(self.frontier)} perfect subtrees")

    def append(self, leaf: bytes) -> None:
        self.extend((leaf,))

    def extend(self, leaves: Iterable[bytes], digests: Digests = one_by_one) -> None:
        """Append many leaves, level by level: less than one node is hashed for each."""
        row, perfect, waiting = list(leaves), list(self.frontier), []
        before, self.size = self.size, self.size + len(row)
        while row:
            if before & 1:
                row.insert(0, perfect.pop())
            if len(row) & 1:
                waiting.append(row.pop())
            pairs = iter(row)
            row = digests([b"\x01" + left + right for left, right in zip(pairs, pairs, strict=True)])
            before >>= 1
        self.frontier = (*perfect, *reversed(waiting))

    def root(self) -> bytes:
        return _fold(self.frontier)


def root(leaves: Iterable[bytes]) -> bytes:
    tree = Tree()
    tree.extend(leaves)
    return tree.root()


def inclusion_proof(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """Section 2.1.3.1. It hashes the whole tree; who has stored nodes takes `inclusion_ranges`."""
    return [root(leaves[start:end]) for start, end in inclusion_ranges(index, len(leaves))]


def consistency_proof(leaves: Sequence[bytes], first: int) -> list[bytes]:
    """Section 2.1.4.1: that the tree of the first `first` leaves is the beginning of the tree of all."""
    return [root(leaves[start:end]) for start, end in consistency_ranges(first, len(leaves))]


def inclusion_ranges(index: int, size: int) -> list[Range]:
    """The leaves whose roots are the inclusion proof, in its order."""
    if not 0 <= index < size:
        raise ValueError(f"there is no leaf {index} in a tree of {size}")
    return _beside(index, index + 1, size)[::-1]


def consistency_ranges(first: int, second: int) -> list[Range]:
    """The leaves whose roots are the consistency proof, in its order."""
    if not 0 < first <= second:
        raise ValueError(f"no proof leads from {first} leaves to {second}")
    if first == second:
        return []
    # The last perfect subtree of the first tree; its verifier knows the root only if it is the whole tree.
    seed = first - (first & -first)
    return [*([(seed, first)] if seed else []), *_beside(seed, first, second)[::-1]]


def _beside(start: int, end: int, size: int) -> list[Range]:
    """The siblings on the way from the root down to the subtree [start, end)."""
    low, high, siblings = 0, size, []
    while (low, high) != (start, end):
        middle = low + (1 << (high - low - 1).bit_length() - 1)
        if start < middle:
            siblings.append((middle, high))
            high = middle
        else:
            siblings.append((low, middle))
            low = middle
    return siblings


def _fold(perfect: Sequence[bytes]) -> bytes:
    """The root above perfect subtrees, the largest first."""
    if not perfect:
        return EMPTY
    above = perfect[-1]
    for left in perfect[-2::-1]:
        above = node_hash(left, above)
    return above


def lengths_of(index: int, size: int) -> tuple[int, int]:
    """Of an inclusion proof: up to where the ways of this leaf and of the last one meet, and from there on."""
    inner = (index ^ (size - 1)).bit_length()
    return inner, (index >> inner).bit_count()
