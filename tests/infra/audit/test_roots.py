"""A log's leaves against what was signed of it, in pieces of any size."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from domain.audit.merkle import Tree
from domain.audit.note import Checkpoint
from infra.audit.roots import Roots

TENANT = UUID(int=1)


def leaves_of(count: int) -> list[bytes]:
    return [sha256(b"%d" % number).digest() for number in range(count)]


def signed(leaves: Sequence[bytes], *sizes: int) -> list[Checkpoint]:
    notes = []
    for size in sizes:
        tree = Tree()
        tree.extend(leaves[:size])
        notes.append(Checkpoint(origin="a log", size=size, root=tree.root()))
    return notes


async def faults(
    leaves: Sequence[bytes | None],
    notes: Sequence[Checkpoint],
    stored: Sequence[bytes],
    pieces: Sequence[int] = (),
) -> list[tuple[str, int | None]]:
    """What is found when the leaves come in pieces that end at these numbers."""

    async def kept(start: int, end: int) -> Sequence[bytes]:
        return stored[start:end]

    roots, waiting, start = Roots(TENANT, notes, kept), list[bytes | None](), 0
    for end in (*pieces, len(leaves)):
        waiting += leaves[start:end]
        start = end
        await roots.check(waiting)
    roots.finish(len(leaves), set())
    return [(finding.fault, finding.seq) for finding in roots.findings]


@given(st.data())
async def test_however_the_log_is_cut_a_good_one_has_no_findings_and_a_changed_one_is_named(
    data: st.DataObject,
) -> None:
    count = data.draw(st.integers(1, 40))
    leaves, numbers = leaves_of(count), st.integers(0, count)
    notes = signed(leaves, *sorted(data.draw(st.lists(numbers, min_size=1, max_size=5))))
    pieces = sorted(data.draw(st.lists(numbers, max_size=6)))
    assert await faults(leaves, notes, leaves, pieces) == []
    changed = data.draw(st.integers(0, count - 1))
    there: list[bytes | None] = list(leaves)
    there[changed] = bytes(32)
    told = [("rewritten", changed + 1)] if changed < notes[-1].size else []
    assert await faults(there, notes, leaves, pieces) == told


async def test_without_the_stored_tree_it_is_said_between_which_checkpoints_and_nothing_more() -> None:
    leaves = leaves_of(30)
    there = [*leaves[:15], bytes(32), *leaves[16:]]
    assert await faults(there, signed(leaves, 10, 20, 25, 30), ()) == [
        ("tree damaged", None),
        ("rewritten", 11),
    ]


async def test_a_log_that_is_shorter_than_what_was_signed_is_cut() -> None:
    leaves = leaves_of(30)
    assert await faults(leaves[:29], signed(leaves, 10, 30), leaves) == [("truncated", 30)]
