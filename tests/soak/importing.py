"""An import in a process of its own, which somebody kills: `python -m tests.soak.importing URL DATA FOLDER`."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from infra.moving.proving import Prover
from infra.moving.unpacking import unpack
from tests.infra.moving.conftest import OTHER
from tests.infra.moving.places import place


async def main(url: str, data: str, folder: str) -> None:
    async with place(url, Path(data), OTHER, "https://new.example") as there:
        parts = there.parts
        prover = Prover(parts.database, parts.keyring, parts.checkpoints, parts.reader, there.projector)
        async with there.side() as target:
            print("begun", flush=True)
            await unpack(Path(folder), target, OTHER, prover)
            print("imported", flush=True)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
