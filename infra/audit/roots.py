"""Holds a log's leaves against what was signed of it, checkpoint by checkpoint, and names the events that differ.

A root tells that something differs, not what. The stored tree tells what, where it still has the signed root.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from uuid import UUID

from domain.audit.merkle import Tree
from domain.audit.note import Checkpoint
from infra.audit.finding import Fault, Finding
from infra.audit.lanes import digests

Stored = Callable[[int, int], Awaitable[Sequence[bytes]]]
"""The leaves of the stored tree, from an index to before another; fewer where some are missing."""


class Roots:
    def __init__(self, tenant: UUID, signed: Sequence[Checkpoint], stored: Stored) -> None:
        """`signed`: checkpoints whose signature holds, the shortest log first."""
        self._tenant = tenant
        self._signed = list(signed)
        self._stored = stored
        self._tree = Tree()  # of the last checkpoint
        self._taken = 0
        self._leaves: list[bytes | None] = []  # those taken since that checkpoint
        self._here: Tree | None = self._tree  # with them; None: one is missing
        self._lost = False
        self._differing: list[tuple[int, bytes | None, bytes]] = []  # number, leaf here, leaf that was signed
        self.findings: list[Finding] = []

    async def check(self, leaves: list[bytes | None]) -> None:
        """Take from `leaves`, which go on where the last call's ended, all that a checkpoint speaks of."""
        while self._signed:
            checkpoint = self._signed[0]
            piece = leaves[: checkpoint.size - self._taken]
            del leaves[: len(piece)]
            self._take(piece)
            if self._taken < checkpoint.size:
                return
            self._signed.pop(0)
            await self._settle(checkpoint)

    def finish(self, last: int, wrong: set[int]) -> None:
        """The log ends at number `last`. `wrong`: numbers of events that are known to be no longer what they were."""
        self._name(wrong)
        if self._signed:
            size = self._signed[-1].size
            self._found("truncated", last + 1, f"the log ends at {last}, but was signed with {size} events")

    def _take(self, leaves: Sequence[bytes | None]) -> None:
        """The tree grows piece by piece, while other processes check what comes next."""
        self._taken += len(leaves)
        if not self._lost:
            self._leaves += leaves
            self._here = _grown(self._here, leaves) if self._here is not None and None not in leaves else None

    async def _settle(self, checkpoint: Checkpoint) -> None:
        if self._lost:
            return
        start, leaves, here = self._tree.size, self._leaves, self._here
        stored = await self._stored(start, checkpoint.size)
        if here is not None and here.root() == checkpoint.root:
            self._tree = here
            if stored != leaves:
                self._found(
                    "tree damaged",
                    None,
                    f"the stored tree of numbers {start + 1} to {checkpoint.size} differs from the log",
                )
        elif len(stored) == len(leaves) and (there := _grown(self._tree, stored)).root() == checkpoint.root:
            self._tree = there
            pairs = enumerate(zip(leaves, stored, strict=True), start + 1)
            self._differing += [(seq, leaf, was) for seq, (leaf, was) in pairs if leaf != was]
        else:
            text = f"numbers {start + 1} to {checkpoint.size} are not what was signed; the stored tree does not tell which"
            self._found("rewritten", start + 1, text)
            self._lost = True
        self._here, self._leaves = self._tree, []

    def _name(self, wrong: set[int]) -> None:
        """The events that are not at their number; neighbours that moved together are one finding."""
        signed_at = {was: seq for seq, _, was in self._differing}
        moved: list[tuple[int, int, int]] = []  # first, last, by how much
        for seq, leaf, _ in self._differing:
            place = signed_at.get(leaf) if leaf is not None else None
            if place is None:
                if leaf is not None and seq not in wrong:
                    self._found("rewritten", seq, "this is not the event that was signed here")
            elif moved and moved[-1][1:] == (seq - 1, place - seq):
                moved[-1] = (moved[-1][0], seq, place - seq)
            else:
                moved.append((seq, seq, place - seq))
        for first, last, shift in moved:
            where = f"{first}" if first == last else f"{first} to {last}"
            text = f"what stands at {where} was signed {abs(shift)} numbers {'later' if shift > 0 else 'earlier'}"
            together: Fault = "removed" if shift > 0 else "inserted"
            self._found("reordered" if first == last else together, first, text)

    def _found(self, fault: Fault, seq: int | None, text: str) -> None:
        self.findings.append(Finding(fault=fault, tenant=self._tenant, seq=seq, text=text))


def _grown(tree: Tree, leaves: Sequence[bytes | None]) -> Tree:
    grown = Tree(tree.size, tree.frontier)
    grown.extend([leaf for leaf in leaves if leaf is not None], digests)
    return grown
