from __future__ import annotations

import asyncio
import json
from functools import partial
from uuid import UUID, uuid4

import pytest_asyncio

from application.tenancy.authentication import authenticate
from application.tenancy.newcomers import Newcomers
from application.tenancy.tenant import CreateTenant, create_tenant
from domain.base.errors import Invalid, NotFound, Refused
from domain.tenancy.scopes import SCOPES
from tests.infra.log.parts import log_on, now
from tests.interfaces.conftest import Run


@pytest_asyncio.fixture(scope="module", name="tenant")
async def _tenant(database_url: str) -> UUID:
    async with log_on(database_url) as log:
        made = await create_tenant(
            CreateTenant(name="Shop"), actor="operator:test", store=log.store, clock=now, ids=uuid4
        )
    return made.tenant


def test_a_tenant_gets_a_key_that_works(run: Run, tenant: UUID, database_url: str) -> None:
    of = ("--tenant", str(tenant), "--json")
    made = json.loads(
        run("tenant", "key", "issue", "way in", "--scope", "tenants:admin", "--days", "30", *of).output
    )
    every = json.loads(run("tenant", "key", "issue", *of).output)

    async def use() -> None:
        async with log_on(database_url) as log:
            in_log = partial(authenticate, store=log.store, clock=now, newcomers=Newcomers())
            principal = await in_log(made["key"], tenant.hex)
            assert (principal.key, principal.scopes) == (made["id"], ("tenants:admin",))
            assert (await in_log(every["key"], None)).scopes == SCOPES

    asyncio.run(use())
    listed = json.loads(run("tenant", "key", "list", *of).output)
    assert [key["name"] for key in listed] == ["first key", "way in", "issued by the operator"]
    assert listed[1]["expires_at"] is not None
    assert made["key"] not in run("tenant", "key", "list", *of[:2]).output


def test_a_key_is_revoked_but_for_the_last_one(run: Run, tenant: UUID) -> None:
    of = ("--tenant", str(tenant))
    keys = json.loads(run("tenant", "key", "list", *of, "--json").output)
    for number, key in enumerate(keys, 1):
        done = run("tenant", "key", "revoke", key["id"], *of)
        if number == len(keys):
            assert isinstance(done.exception, Refused)
        else:
            assert done.output.strip() == "revoked"
            assert "already" in run("tenant", "key", "revoke", key["id"], *of).output
    statuses = [key["status"] for key in json.loads(run("tenant", "key", "list", *of, "--json").output)]
    assert statuses == ["revoked"] * (len(keys) - 1) + ["works"]


def test_what_is_not_there_is_told(run: Run, tenant: UUID) -> None:
    for words in (("issue", "a"), ("list",), ("revoke", "abc")):
        assert isinstance(run("tenant", "key", *words, "--tenant", str(uuid4())).exception, NotFound)
    assert isinstance(run("tenant", "key", "revoke", "abc", "--tenant", str(tenant)).exception, NotFound)
    assert run("tenant", "key", "issue", "a", "--scope", "all", "--tenant", str(tenant)).exit_code == 2
    assert run("tenant", "key", "issue", "a").exit_code == 2


def test_a_tenant_is_renamed_suspended_and_goes_on(run: Run, tenant: UUID) -> None:
    of = ("--tenant", str(tenant))
    assert json.loads(run("tenant", "rename", "Boutique", *of, "--json").output)["name"] == "Boutique"
    assert "Boutique is suspended" in run("tenant", "suspend", *of, "--reason", "not paid").output
    assert [each["status"] for each in json.loads(run("tenant", "list", "--json").output)] == ["suspended"]
    assert json.loads(run("tenant", "resume", *of, "--json").output)["status"] == "active"
    written = [json.loads(line) for line in run("events", *of, "--json").output.splitlines()]
    named = ("tenant.renamed", "tenant.suspended", "tenant.resumed")
    kinds = [(each["kind"], each["actor"]) for each in written if each["kind"] in named]
    assert kinds == [
        ("tenant.renamed", "operator:cli"),
        ("tenant.suspended", "operator:cli"),
        ("tenant.resumed", "operator:cli"),
    ]
    assert isinstance(run("tenant", "rename", " ", *of).exception, Invalid)
