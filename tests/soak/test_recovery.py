"""After a fault every role comes back by itself, in the same process and at its full rate, and nothing is lost."""

from __future__ import annotations

import asyncio
import tempfile
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import psycopg
import pytest
import pytest_asyncio

from application.base.tasks import cancel_and_wait
from tests.infra.embedded.small_disk import run_on_small_disk
from tests.soak.clients import Clients, until
from tests.soak.deployment import Deployment, deployment
from tests.soak.rates import CLIENTS, recovers

pytestmark = pytest.mark.soak


@pytest_asyncio.fixture(scope="module", name="deployed")
async def _deployed() -> AsyncIterator[Deployment]:
    with tempfile.TemporaryDirectory(prefix="retrace-recovery-") as folder:
        async with deployment(Path(folder)) as deployed:
            yield deployed


async def test_a_database_that_restarts(deployed: Deployment, share: float) -> None:
    async def fault(clients: Clients) -> None:
        for _ in range(3):
            deployed.postgres.restart()
            await clients.more(10)

    await recovers(deployed, "restart", fault, share)


def others(connection: psycopg.Connection) -> int:
    """End all other sessions of the database; how many there were."""
    query = (
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE pid <> pg_backend_pid() "
        "AND backend_type = 'client backend' AND application_name <> 'hog'"
    )
    row = connection.execute(query).fetchone()
    assert row is not None
    return int(row[0])


async def test_terminated_backends(deployed: Deployment, share: float) -> None:
    async def fault(clients: Clients) -> None:
        with psycopg.connect(deployed.postgres.url, autocommit=True) as superuser:
            for _ in range(20):
                assert others(superuser) > 0
                await clients.more(3)

    await recovers(deployed, "terminated backends", fault, share)


async def test_a_pool_whose_connections_are_all_held(deployed: Deployment, share: float) -> None:
    async def fault(clients: Clients) -> None:
        replies: Counter[int] = Counter()
        with psycopg.connect(deployed.postgres.url) as superuser:
            superuser.execute("LOCK TABLE retrace.conversations IN ACCESS EXCLUSIVE MODE")
            async with asyncio.TaskGroup() as group:
                crowd = [group.create_task(read(deployed, replies)) for _ in range(60)]
                # Some writers get a connection as readers give theirs up: not all of them are refused.
                await until(lambda: replies[503] >= 40 and clients.refusals.total() >= CLIENTS // 2, 90)
                assert replies.keys() == {503}
                assert await readiness(deployed) == 200
                superuser.rollback()
                await until(lambda: replies[200] >= 60, 60)
                await cancel_and_wait(*crowd)

    await recovers(deployed, "exhausted pool", fault, share)


async def read(deployed: Deployment, replies: Counter[int]) -> None:
    """Read again and again; each answer is clear."""
    headers = {"Authorization": f"Bearer {deployed.tenants[0][1]}"}
    async with httpx.AsyncClient(base_url=deployed.running.url, timeout=30, trust_env=False) as client:
        while True:
            reply = await client.get("/v1/conversations", headers=headers)
            assert reply.status_code == 200 or reply.headers["Retry-After"].isdigit()
            replies[reply.status_code] += 1


async def test_a_server_whose_connections_others_have_used_up(deployed: Deployment, share: float) -> None:
    async def fault(clients: Clients) -> None:
        with ExitStack() as stack:
            superuser = stack.enter_context(psycopg.connect(deployed.postgres.url, autocommit=True))
            hog(deployed.postgres.url, stack)
            while others(superuser):  # what they leave is taken before they can come back
                hog(deployed.postgres.url, stack)
            seen = clients.refusals.total()
            await until(lambda: clients.refusals.total() >= seen + 2 * CLIENTS, 60)
            assert await readiness(deployed) == 503

    await recovers(deployed, "no connection left", fault, share)


def hog(url: str, stack: ExitStack) -> None:
    """Take every connection that the server still has."""
    while True:
        try:
            stack.enter_context(psycopg.connect(url, application_name="hog"))
        except psycopg.OperationalError as error:
            if "too many clients" not in str(error):
                raise
            return


async def readiness(deployed: Deployment) -> int:
    async with httpx.AsyncClient(base_url=deployed.running.url, timeout=30, trust_env=False) as client:
        return (await client.get("/readyz")).status_code


async def test_a_redis_that_is_gone_and_comes_back(deployed: Deployment, share: float) -> None:
    async def fault(clients: Clients) -> None:
        redis = deployed.redis
        deployed.running._servers.ours.remove(redis)  # nobody starts it again
        redis.stop()
        await clients.more(100)
        assert await readiness(deployed) == 200
        deployed.running._servers.ours.append(redis)
        await until(redis.alive, 30)

    await recovers(deployed, "Redis gone", fault, share)


def test_a_disk_that_is_full(share: float) -> None:
    with tempfile.TemporaryDirectory(prefix="retrace-full-") as folder:
        print(run_on_small_disk("tests.soak.full_disk", Path(folder), 400, str(share)))
