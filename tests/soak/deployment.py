"""A whole deployment in a folder of its own, of which anything may be killed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import psutil

from application.budgets.budget import SetBudget, set_budget
from application.models.catalogue import PriceTerms, SetPrice, set_price
from application.retrieval.document import UploadDocument, upload_document
from application.tenancy.tenant import CreateTenant, create_tenant
from domain.base.context import Context
from domain.budgets.budget import BudgetLimits
from domain.gateway.decision import LAST_RESORT
from domain.tenancy.rate_limits import LIMITS
from infra.embedded.postgres import EmbeddedPostgres
from infra.embedded.redis import EmbeddedRedis
from infra.settings import Secret, Settings
from interfaces.bootstrap import Services, services
from interfaces.processes.keeping import Tree
from interfaces.supervisor import tree
from tests.contents import spooled
from tests.ports import free_port


@dataclass(frozen=True)
class Deployment:
    """`parts` is our own way into it; `tenants` are those that the clients write to, with their keys; `said`: by its supervisor."""

    running: Tree
    parts: Services
    tenants: list[tuple[UUID, str]]
    said: list[str]

    @property
    def postgres(self) -> EmbeddedPostgres:
        return next(server for server in self.running._servers.ours if isinstance(server, EmbeddedPostgres))

    @property
    def redis(self) -> EmbeddedRedis:
        return next(server for server in self.running._servers.ours if isinstance(server, EmbeddedRedis))


@asynccontextmanager
async def deployment(folder: Path, **more: Any) -> AsyncIterator[Deployment]:
    """All roles and servers (`more`: settings), and two tenants with a document, one with a budget; what dies is started again meanwhile."""
    said: list[str] = []
    unlimited: dict[str, Any] = dict.fromkeys((f"rate_{name}" for name in LIMITS), 0)
    seldom = {"alert_interval": 3600}  # what is quiet is not to change by itself
    with tree(
        Settings(data=folder, **{"port": free_port(), **unlimited, **seldom, **more}), said.append
    ) as running:
        running.wait_ready()
        environment = running.environment
        settings = Settings(
            database_url=Secret(environment["DATABASE_URL"]),
            redis_url=Secret(environment["REDIS_URL"]),
            master_key=Secret(environment["RETRACE_MASTER_KEY"]),
            data=running.plan.data,
        )
        async with services(settings, pool=4) as parts:
            made = [await tenant_of(parts, f"tenant {n}") for n in range(2)]
            await _give_budget(parts, made[0][0])
            async with asyncio.TaskGroup() as group:  # whatever fails ends the run at once
                watching = group.create_task(_watch(running))
                try:
                    yield Deployment(running, parts, made, said)
                except BaseException as error:
                    error.add_note("\n".join([*said, *_logs(folder)]))
                    raise
                finally:
                    watching.cancel()
    left = [each for each in psutil.Process().children() if "interfaces.cli" in each.cmdline()]
    assert not left, f"the supervisor has left {left}"


def _logs(folder: Path) -> list[str]:
    """The ends of all logs, before they are gone."""
    found = []
    for log in sorted(folder.rglob("*.log")):
        tail = log.read_text(errors="replace").splitlines()[-15:]
        found += [f"{log}:", *(f"    {line[:300]}" for line in tail)]
    return found


async def _watch(running: Tree) -> None:
    """What `retrace up` does, in this thread: children end with the thread that started them."""
    while True:
        running.look()
        await asyncio.sleep(0.1)


async def tenant_of(parts: Services, name: str) -> tuple[UUID, str]:
    made = await create_tenant(
        CreateTenant(name=name), actor="operator:test", store=parts.store, clock=parts.clock, ids=parts.ids
    )
    context = Context(tenant=made.tenant, actor="operator:test", correlation=parts.ids())
    upload = UploadDocument(name="hours.txt", content=await spooled(b"The shop is open from nine to five."))
    await upload_document(
        upload,
        context,
        store=parts.store,
        keyring=parts.keyring,
        files=parts.files,
        extractor=parts.extractor,
        named=parts.named_documents,
        clock=parts.clock,
    )
    return made.tenant, made.key


async def _give_budget(parts: Services, tenant: UUID) -> None:
    """And a price for what is free elsewhere: then its answers are reserved for and settled."""
    context = Context(tenant=tenant, actor="operator:test", correlation=parts.ids())
    price = SetPrice(model=LAST_RESORT, terms=PriceTerms(input=Decimal(1), output=Decimal(2)))
    await set_price(price, context, shipped=parts.catalogue, store=parts.store, clock=parts.clock)
    limits = SetBudget(limits=BudgetLimits(day=Decimal(100)))
    await set_budget(limits, context, store=parts.store, clock=parts.clock)
