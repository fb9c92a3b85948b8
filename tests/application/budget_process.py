"""One of several processes that spend one budget.

python -m tests.application.budget_process URL TENANT CALLS HELD COST: makes CALLS calls at once; prints how many were made and refused.
With COST "never" it holds a reservation for each, for 2 s, says so, and hangs; with "ahead" it has made them all, each for 0.1 USD, and
hangs with what it has reserved for the next ones, for 2 s too.
"""

from __future__ import annotations

import asyncio
import sys
from datetime import timedelta
from decimal import Decimal
from uuid import UUID, uuid4

from application.budgets import pool as spares_module
from domain.base.context import Context
from domain.budgets.budget import BudgetExhausted
from tests.application.tills import Till, attempt
from tests.infra.log.parts import log_on


async def main(url: str, tenant: str, calls: int, held: Decimal, cost: str) -> None:
    async with log_on(url) as log:
        till = Till(log, Context(tenant=UUID(tenant), actor="key:test", correlation=uuid4()))
        if cost == "never":
            await asyncio.gather(*(till.reserve(held, seconds=2) for _ in range(calls)))
            print("held", flush=True)
            await asyncio.sleep(600)
        if cost == "ahead":
            spares_module.LIFETIME, spares_module.IDLE = timedelta(seconds=2), 3600.0
            till.ahead()
            for made in [await till.reserve(held, seconds=2) for _ in range(calls)]:
                await till.settle(await till.begin(), [attempt(Decimal("0.1"))], [made])
            print("held", flush=True)
            await asyncio.sleep(600)
        conversations, spares = [await till.begin() for _ in range(calls)], till.ahead()
        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        ends = await asyncio.gather(
            *(till.call(each, held, Decimal(cost), patience=20, seconds=0.02) for each in conversations),
            return_exceptions=True,
        )
        for end in ends:
            if isinstance(end, BaseException) and not isinstance(end, BudgetExhausted):
                raise end
        await spares.close()
        refused = sum(isinstance(end, BudgetExhausted) for end in ends)
        print(calls - refused, refused)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), Decimal(sys.argv[4]), sys.argv[5]))
