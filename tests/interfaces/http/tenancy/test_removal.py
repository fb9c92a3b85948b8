"""A tenant is removed: nothing of it can be read at once, it can be restored for a while, and then all of it is gone; proofs stay."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import psycopg
import pytest
from click.testing import CliRunner

from application.tenancy.removal import erase_tenant, remove_tenant, restore_tenant
from domain.base.context import Context
from domain.base.errors import Erased, Forbidden, Refused
from domain.tenancy.tenant import Tenant
from infra.audit import verifier
from infra.crypto.forgetting import forgetting
from infra.crypto.keyring import Keyring
from infra.postgres.database import Database
from infra.settings import environment_of
from interfaces.bootstrap import Services
from interfaces.cli import cli
from projections import PROJECTIONS
from tests.cells import cell
from tests.interfaces.http.conftest import OPERATOR, Customer, customer_of, settled
from tests.until import PATIENCE

AS_OPERATOR = {"Authorization": f"Bearer {OPERATOR}"}
GONE_TABLES = (
    "subject_keys",
    "tenant_keys",
    "snapshots",
    "chunks",
    "vectors",
    "idempotency",
    "work",
    "key_uses",
    "operator_sessions",
    "webhook_lines",
)
READ = ("/v1/conversations", "/v1/documents", "/v1/audit/events", "/v1/budgets", "/v1/agent/configuration")


async def lived(app: Any, parts: Services) -> Customer:
    """A tenant that has a bit of everything."""
    customer = await customer_of(app, parts, "Canary Ltd")
    made = await customer.http.post("/v1/documents", files={"file": ("a.txt", b"The canary opens at nine.")})
    assert (await settled(customer, f"/v1/documents/{made.json()['id']}"))["status"] == "completed"
    for number in range(3):
        assert (
            await customer.ask(f"When does the canary open, {number}?", address=f"c{number}")
        ).status_code == 200
    body = {"model": "agent", "messages": [{"role": "user", "content": "Canary?"}], "user": "canary"}
    assert (await customer.http.post("/v1/chat/completions", json=body)).status_code == 200
    await customer.http.put("/v1/budgets", json={"day": "1"})
    await customer.http.put("/v1/providers/openai/key", json={"key": "sk-canary-0123456789"})
    return customer


async def rows(parts: Services, table: str, tenant: UUID, where: str = "true") -> int:
    """As the superuser: no row-level security hides any."""
    async with await psycopg.AsyncConnection.connect(str(parts.settings.database_url)) as connection:
        query = f"SELECT count(*) FROM retrace.{table} WHERE tenant = %s AND {where}"
        row = await (await connection.execute(query.encode(), [tenant])).fetchone()
    assert row is not None
    return int(row[0])


def context_of(customer: Customer, parts: Services) -> Context:
    return Context(tenant=customer.tenant, actor="operator:test", correlation=parts.ids())


async def test_reads_stop_at_once_and_come_back_with_a_restoration(
    app: Any, parts: Services, anyone: httpx.AsyncClient
) -> None:
    customer = await customer_of(app, parts, "Hasty")
    address = f"/v1/tenants/{customer.tenant}"
    await anyone.post(f"{address}/suspend", headers=AS_OPERATOR)
    await anyone.post(f"{address}/resume", headers=AS_OPERATOR)
    assert (await anyone.delete(address, headers=AS_OPERATOR)).status_code == 204
    for path in READ:
        assert (await customer.http.get(path)).status_code == 403, path
    assert (await customer.ask("Hello?")).status_code == 403
    shown = (await anyone.get(address, headers=AS_OPERATOR)).json()
    assert shown["status"] == "removed"
    assert shown["erase_at"] > shown["created_at"]
    assert (await anyone.delete(address, headers=AS_OPERATOR)).status_code == 403
    restored = await anyone.post(f"{address}/restore", headers=AS_OPERATOR)
    assert (restored.status_code, restored.json()["status"], restored.json()["erase_at"]) == (
        200,
        "active",
        None,
    )
    assert (await customer.http.get("/v1/conversations")).status_code == 200
    assert (await anyone.post(f"{address}/restore", headers=AS_OPERATOR)).status_code == 422
    assert (await customer.http.post(f"{address}/restore")).status_code == 403
    assert await rows(parts, "work", customer.tenant, "kind = 'erase_tenant'") == 0


async def test_after_its_time_all_of_it_is_gone_and_the_log_still_proves_itself(
    app: Any, parts: Services, anyone: httpx.AsyncClient
) -> None:
    customer = await lived(app, parts)
    tenant = customer.tenant
    login = (await customer.http.post("/v1/analytics/logins", json={"name": "report"})).json()
    # Another process, with the tenant's keys in its memory.
    async with Database(cell(str(parts.settings.database_url)), size=1) as database:
        other = Keyring(database, parts.settings.master())
        sealed = await other.seal(tenant, tenant, b"canary", b"")
        async with forgetting(parts.system, other, every=0.02):
            await remove_tenant(
                timedelta(0), context_of(customer, parts), store=parts.store, clock=parts.clock
            )
            async with asyncio.timeout(PATIENCE):
                while await rows(parts, "work", tenant) or await rows(
                    parts, "events", tenant, "payload IS NOT NULL"
                ):
                    await asyncio.sleep(0.05)
            async with asyncio.timeout(PATIENCE):
                while True:
                    try:
                        await other.unseal(tenant, sealed, b"")
                    except Erased:
                        break
                    await asyncio.sleep(0.02)
        with pytest.raises(Erased):
            await other.seal(tenant, UUID(int=5), b"more", b"")

    for table in (*GONE_TABLES, "analyst_logins"):
        assert await rows(parts, table, tenant) == 0, table
    with pytest.raises(psycopg.OperationalError):
        await psycopg.AsyncConnection.connect(login["address"])
    async with asyncio.timeout(PATIENCE):
        for table in (table.name for projection in PROJECTIONS for table in projection.tables):
            while await rows(parts, table, tenant):
                await asyncio.sleep(0.05)
    assert not (parts.settings.data / "files" / str(tenant)).exists()

    for path in READ:
        assert (await customer.http.get(path)).status_code == 401, path
    address = f"/v1/tenants/{tenant}"
    shown = (await anyone.get(address, headers=AS_OPERATOR)).json()
    assert (shown["status"], shown["name"]) == ("erased", "")
    assert "canary" not in json.dumps(shown).lower()
    listed = await anyone.get("/v1/tenants", params={"limit": "200"}, headers=AS_OPERATOR)
    assert {"id": str(tenant), "status": "erased"}.items() <= next(
        item for item in listed.json()["items"] if item["id"] == str(tenant)
    ).items()
    for action in ("restore", "suspend", "resume"):
        assert (await anyone.post(f"{address}/{action}", headers=AS_OPERATOR)).status_code == 404

    end = await parts.reads.head(tenant)
    for closely in (False, True):
        report = await parts.verify(tenant, closely=closely)
        assert (report.events, report.findings) == (end, [])
    notes = await parts.checkpoints.all(tenant)
    assert notes[-1].size == end  # signed before the keys went
    key = await parts.checkpoints.verifier_key(tenant)
    findings: list[verifier.Finding] = []
    assert verifier.read_checkpoint(notes[-1].note, key, findings).size == end
    assert findings == []
    # Again, as after a crash, it has no further effect.
    again = await erase_tenant(
        context_of(customer, parts),
        store=parts.store,
        eraser=parts.eraser,
        signer=parts.checkpoints,
        cache=parts.providers.cache,
        files=parts.files,
        analysts=parts.analysts,
        clock=parts.clock,
    )
    assert again is None
    assert await parts.reads.head(tenant) == end
    await customer.http.aclose()


async def test_payloads_that_go_without_an_erasure_are_still_found(app: Any, parts: Services) -> None:
    customer = await customer_of(app, parts, "Robbed")
    await customer.http.put("/v1/budgets", json={"day": "1"})
    async with await psycopg.AsyncConnection.connect(str(parts.settings.database_url)) as connection:
        await connection.execute(
            "UPDATE retrace.events SET payload = NULL WHERE tenant = %s AND topic = 'budget.set'",
            [customer.tenant],
        )
    (finding,) = (await parts.verify(customer.tenant)).findings
    assert (finding.fault, finding.text.split(",")[1]) == (
        "payload missing",
        " and nobody's erasure takes such a one",
    )
    await customer.http.aclose()


async def test_before_its_time_nothing_is_erased_and_after_it_nothing_is_restored(
    app: Any, parts: Services
) -> None:
    customer = await customer_of(app, parts, "Patient")
    context, now = context_of(customer, parts), parts.clock()
    await remove_tenant(timedelta(days=1), context, store=parts.store, clock=parts.clock)

    async def look() -> Any:
        return await erase_tenant(
            context,
            store=parts.store,
            eraser=parts.eraser,
            signer=parts.checkpoints,
            cache=parts.providers.cache,
            files=parts.files,
            analysts=parts.analysts,
            clock=parts.clock,
        )

    due = await look()
    assert now + timedelta(hours=23) < due < now + timedelta(hours=25)
    assert await rows(parts, "work", customer.tenant, "kind = 'erase_tenant'") == 1
    with pytest.raises(Forbidden):
        await remove_tenant(timedelta(0), context, store=parts.store, clock=parts.clock)
    late = lambda: now + timedelta(days=2)  # noqa: E731
    with pytest.raises(Refused, match="too late"):
        await restore_tenant(context, store=parts.store, clock=late)
    await restore_tenant(context, store=parts.store, clock=parts.clock)
    assert await look() is None
    assert (await parts.store.load(Tenant, customer.tenant, tenant=customer.tenant)).state.status == "active"
    await customer.http.aclose()


async def test_the_operator_removes_and_restores_by_command(app: Any, parts: Services) -> None:
    customer = await customer_of(app, parts, "By command")

    async def run(*words: str) -> Any:
        command = ["tenant", *words, "--json"]
        done = await asyncio.to_thread(CliRunner().invoke, cli, command, env=environment_of(parts.settings))
        assert done.exit_code == 0, done.output
        return json.loads(done.output)

    id = str(customer.tenant)
    removed = await run("remove", "--tenant", id, "--days", "3", "--yes")
    assert removed["status"] == "removed"
    listed = {item["tenant"]: item["status"] for item in await run("list")}
    assert listed[id] == "removed"
    assert (await run("restore", "--tenant", id))["status"] == "active"
    await customer.http.aclose()
