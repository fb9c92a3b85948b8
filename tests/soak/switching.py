"""A switch of the read model `costs` in a process of its own, which somebody kills: `python -m tests.soak.switching URL [back]`."""

from __future__ import annotations

import asyncio
import sys

from infra.projections.rebuild import workshop
from infra.projections.switching import switch
from projections.costs import Costs
from tests.cells import cell
from tests.infra.log.parts import MASTER


async def main(url: str, back: str = "") -> None:
    async with workshop(cell(url), MASTER, Costs()) as shop:
        print("begun", flush=True)
        await switch(shop, back=bool(back))
    print("switched", flush=True)


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
