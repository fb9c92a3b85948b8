"""Eight of many writers: python -m tests.soak.writer URL SECONDS PAUSE TENANT… Prints how many answers were saved for each tenant.

Each rests for PAUSE seconds after each save.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections import Counter
from uuid import UUID

from tests.infra.log.parts import context, log_on
from tests.infra.projections.parts import begun, exchange


async def main(url: str, seconds: float, pause: float, tenants: list[UUID]) -> None:
    saved: Counter[UUID] = Counter()
    until = time.monotonic() + seconds

    async def write(number: int) -> None:
        conversation, tenant = begun(), tenants[number % len(tenants)]
        while time.monotonic() < until:
            exchange(conversation)
            await log.store.save(conversation, context=context(tenant))
            saved[tenant] += 1
            await asyncio.sleep(pause)

    async with log_on(url) as log:
        await asyncio.gather(*(write(number) for number in range(8)))
    print(" ".join(f"{tenant}:{count}" for tenant, count in saved.items()))


if __name__ == "__main__":
    asyncio.run(
        main(sys.argv[1], float(sys.argv[2]), float(sys.argv[3]), [UUID(text) for text in sys.argv[4:]])
    )
