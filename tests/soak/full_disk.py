"""A whole deployment on a disk that gets full: python -m tests.soak.full_disk FOLDER SHARE, the disk's and of the messages."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import psycopg

from tests.infra.embedded.full_disk import ended
from tests.infra.embedded.small_disk import filled
from tests.soak.clients import Clients, until
from tests.soak.deployment import Deployment, deployment
from tests.soak.rates import recovers


async def main(folder: Path, share: float) -> None:
    async with deployment(folder / "data") as deployed:
        await recovers(
            deployed, "no room for data", lambda clients: no_room(deployed, clients, folder), share
        )
        await recovers(
            deployed, "no room for the log", lambda clients: no_log(deployed, clients, folder), share
        )


async def no_room(deployed: Deployment, clients: Clients, folder: Path) -> None:
    """Writes are refused, clearly; reads go on; the servers run on."""
    with psycopg.connect(deployed.postgres.url, autocommit=True) as superuser:
        superuser.execute("CHECKPOINT")  # what it has to write down now finds room
    pid, full = (
        deployed.postgres.pid,
        "the database's disk is full, so nothing was saved; try again once there is room",
    )
    with filled(folder):
        await until(lambda: clients.refusals[full] >= 20, 60)
        taken = len(clients.acknowledged)
        async with clients.client() as client:
            headers = {"Authorization": f"Bearer {deployed.tenants[0][1]}"}
            for size in (100, 3_000_000):  # the larger one goes through a temporary file
                file = {"file": ("notes.txt", b"We are closed on Sundays. " * (size // 26))}
                reply = await client.post("/v1/documents", files=file, headers=headers)
                assert reply.status_code == 503, reply.text
                assert "disk" in reply.json()["detail"]
            assert (await client.get("/v1/conversations", headers=headers)).status_code == 200
        assert len(clients.acknowledged) == taken
    assert deployed.postgres.pid == pid
    assert any(line.startswith("the disk is full: ") for line in deployed.said)


async def no_log(deployed: Deployment, clients: Clients, folder: Path) -> None:
    """PostgreSQL ends, and is started again and again, until there is room; its supervisor says why."""
    with filled(folder):
        ended(deployed.postgres.url)
        await until(
            lambda: any(
                "the embedded PostgreSQL did not come up: its disk is full" in x for x in deployed.said
            ),
            60,
        )
        seen = clients.refusals.total()
        await until(lambda: clients.refusals.total() > seen, 60)
    await clients.more(1)
    assert "PostgreSQL had died and was started again" in deployed.said


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), float(sys.argv[2])))
