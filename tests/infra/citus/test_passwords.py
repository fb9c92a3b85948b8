"""A Citus whose nodes let nobody in without a password (scram-sha-256), each other neither. For `make citus`."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from domain.conversations.conversation import Conversation
from infra.schema.migrate import migrate, retire
from tests import citus
from tests.cells import KEY, cell
from tests.citus_servers import OwnCitus, own_citus
from tests.infra.log.parts import context, log_on, started

pytestmark = pytest.mark.skipif(citus.url() is None, reason="on a Citus: make citus")
OTHER = bytes(reversed(KEY))


@pytest.fixture(scope="module", name="guarded")
def _guarded() -> Iterator[OwnCitus]:
    with own_citus(password="of-the-superuser") as made:
        yield made


async def test_nodes_log_in_to_each_other_with_passwords_that_only_they_have(guarded: OwnCitus) -> None:
    await migrate(cell(guarded.url), node_passwords=True)
    await migrate(cell(guarded.url))  # they are kept
    async with log_on(guarded.url) as log:
        for tenant in (context() for _ in range(8)):  # on either node
            conversation = started()
            await log.store.save(conversation, context=tenant, inbox="m")
            found = await log.store.load(Conversation, conversation.id, tenant=tenant.tenant)
            assert found.version == conversation.version
    with psycopg.connect(guarded.url) as superuser:
        names = {
            row[0] for row in superuser.execute("SELECT rolename::text FROM pg_dist_authinfo").fetchall()
        }
        assert {"postgres", "retrace_owner", cell(guarded.url).name("retrace_app")} <= names
        superuser.execute("SET ROLE retrace_app")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            superuser.execute("SELECT authinfo FROM pg_dist_authinfo")


async def test_a_new_master_key_brings_passwords_and_takes_those_of_the_old_one_away(
    guarded: OwnCitus,
) -> None:
    both, new = cell(guarded.url, OTHER + KEY), cell(guarded.url, OTHER)
    await migrate(both)
    await retire(new)
    with psycopg.connect(guarded.url) as superuser:
        names = {
            row[0] for row in superuser.execute("SELECT rolename::text FROM pg_dist_authinfo").fetchall()
        }
    assert new.name("retrace_app") in names
    assert cell(guarded.url).name("retrace_app") not in names
