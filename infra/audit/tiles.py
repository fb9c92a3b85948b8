"""A tenant's Merkle tree as it is stored: tiles of 256 hashes, so that growing and proving read little.

A tile of level l holds the hashes of 256 neighbouring nodes at height 8l; a full tile's own root is a hash of the level above.
(The layout of https://c2sp.org/tlog-tiles, in rows.)
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID

from domain.audit.merkle import Range, Tree, root
from infra.postgres.database import Connection

WIDTH, HEIGHT = 256, 8
HASH = 32
Place = tuple[int, int]
"""(level, n) of a tile."""


class Tiles:
    """The tiles of one tenant's tree of `size` leaves, read as they are needed, within one transaction."""

    def __init__(self, connection: Connection, tenant: UUID, size: int) -> None:
        self._connection = connection
        self._tenant = tenant
        self.size = size
        self._tiles: dict[Place, bytes] = {}
        self._changed: set[Place] = set()

    async def extend(self, leaves: Iterable[bytes]) -> None:
        """Append leaf hashes."""
        row, level, start = list(leaves), 0, self.size
        self.size += len(row)
        while row:
            above: list[bytes] = []
            first = start // WIDTH
            place = 0
            while place < len(row):
                n, filled = divmod(start + place, WIDTH)
                part = row[place : place + WIDTH - filled]
                before = await self.tile(level, n) if filled else b""
                whole = before[: filled * HASH] + b"".join(part)
                self._put((level, n), whole)
                if len(whole) == WIDTH * HASH:
                    above.append(root(split(whole)))
                place += len(part)
            row, level, start = above, level + 1, first

    async def save(self) -> None:
        upsert = (
            "INSERT INTO tiles SELECT %s, * FROM unnest(%s::smallint[], %s::bigint[], %s::bytea[]) "
            "ON CONFLICT (tenant, level, n) DO UPDATE SET hashes = excluded.hashes"
        )
        places = sorted(self._changed)
        columns = [p[0] for p in places], [p[1] for p in places], [self._tiles[p] for p in places]
        await self._connection.execute(upsert, [self._tenant, *columns])
        self._changed.clear()

    async def root(self) -> bytes:
        """Of the whole tree."""
        return await self.root_of((0, self.size))

    async def root_of(self, leaves: Range) -> bytes:
        """Of a subtree, as proofs need them: its start is a multiple of each of its perfect subtrees' sizes."""
        start, end = leaves
        perfect: list[bytes] = []
        while start < end:
            height = (end - start).bit_length() - 1
            perfect.append(await self._node(height, start >> height))
            start += 1 << height
        return Tree(end - leaves[0], tuple(perfect)).root()

    async def tile(self, level: int, n: int) -> bytes:
        """Empty where there is none."""
        if (found := self._tiles.get((level, n))) is None:
            query = "SELECT hashes FROM tiles WHERE tenant = %s AND level = %s AND n = %s"
            cursor = await self._connection.execute(
                query, [self._tenant, level, n], prepare=True, binary=True
            )
            row = await cursor.fetchone()
            found = self._tiles[level, n] = row[0] if row else b""
        return found

    def _put(self, place: Place, hashes: bytes) -> None:
        self._tiles[place] = hashes
        self._changed.add(place)

    async def _node(self, height: int, index: int) -> bytes:
        """The root of a perfect subtree of 2**height leaves, the `index`-th of its height."""
        level, within = divmod(height, HEIGHT)
        n, first = divmod(index << within, WIDTH)
        hashes = split((await self.tile(level, n))[first * HASH : (first + (1 << within)) * HASH])
        if len(hashes) != 1 << within:
            raise Damaged(f"tile {level}/{n} of the tree lacks hashes")
        return root(hashes)


class Damaged(Exception):
    """The stored tree is not whole; it can be made again from the log, and checked against a checkpoint."""


async def leaves(connection: Connection, tenant: UUID, start: int, end: int) -> Sequence[bytes]:
    """The leaf hashes of the stored tree from index `start` to before `end`; fewer where some are missing."""
    first, beyond = start // WIDTH, -(-end // WIDTH)
    query = "SELECT hashes FROM tiles WHERE tenant = %s AND level = 0 AND n >= %s AND n < %s ORDER BY n"
    cursor = await connection.execute(query, [tenant, first, beyond], binary=True)
    found = b"".join([row[0] for row in await cursor.fetchall()])
    return split(found[(start - first * WIDTH) * HASH : (end - first * WIDTH) * HASH])


def split(hashes: bytes) -> list[bytes]:
    return [hashes[place : place + HASH] for place in range(0, len(hashes), HASH)]
