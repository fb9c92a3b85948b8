"""A move in a process of its own, which somebody kills: `python -m tests.soak.moving URL DATA URL DATA TENANT`."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from uuid import UUID

from infra.moving.move import move
from infra.moving.side import side
from infra.postgres.cell import Cell
from infra.storage.folder import FolderBlobs
from tests.infra.log.parts import MASTER
from tests.infra.moving.conftest import OTHER


async def main(here: str, data: str, there: str, other: str, tenant: str) -> None:
    async with (
        side(Cell(here, MASTER), FolderBlobs(Path(data) / "files"), "the old place") as source,
        side(Cell(there, OTHER), FolderBlobs(Path(other) / "files"), "https://new.example") as target,
    ):
        print("begun", flush=True)
        await move(UUID(tenant), source, target)
    print("moved", flush=True)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
