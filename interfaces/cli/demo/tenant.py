"""The demo tenant: made at the first start, its key kept in the data folder, readable by its user only."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from application.tenancy.tenant import CreateTenant, TenantCreated, create_tenant
from infra.settings import load
from interfaces.bootstrap import services
from interfaces.processes.keeping import Tree


def demo_key(tree: Tree) -> tuple[str, str]:
    """The tenant's id and an API key."""
    file = tree.plan.data / "demo.key"
    if not file.exists():
        made = asyncio.run(_make(tree))
        handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w") as output:
            output.write(f"{made.tenant} {made.key}\n")
    tenant, key = Path(file).read_text().split()
    return tenant, key


async def _make(tree: Tree) -> TenantCreated:
    async with services(load(tree.environment), pool=2) as parts:
        command = CreateTenant(name="Nordfell Outdoor (demo)")
        return await create_tenant(
            command, actor="operator:demo", store=parts.store, clock=parts.clock, ids=parts.ids
        )
