"""Two deployments with master keys of their own, between which a tenant moves; and what must be the same afterwards."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from application.base.tasks import cancel_and_wait
from domain.audit.invariants import Invariants
from domain.base.recorded import Recorded
from infra.log.reader import Reader
from infra.moving.side import Side, side
from infra.postgres.cell import Cell
from infra.postgres.database import Database
from infra.projections.blue_green import BlueGreenBuilder
from infra.projections.places import builds
from infra.projections.projector import Projector
from infra.projections.reconciling import reconcile
from infra.settings import Secret, Settings, master_text
from interfaces.bootstrap import Services, services
from projections import PROJECTIONS
from tests.contents import whole
from tests.doubles.s3 import KEY, S3, SECRET


@dataclass(frozen=True)
class Place:
    """A deployment, with no roles but those that a test is itself."""

    parts: Services
    projector: Projector
    name: str
    s3: S3 | None = None
    """What has its files, where that is no folder."""

    @asynccontextmanager
    async def side(self) -> AsyncIterator[Side]:
        async with side(self.parts.cell, self.parts.files.blobs, self.name) as made:
            yield made


@asynccontextmanager
async def place(url: str, data: Path, master: bytes, name: str, s3: S3 | None = None) -> AsyncIterator[Place]:
    settings = Settings(
        database_url=Secret(url),
        data=data,
        files=s3.url() if s3 else None,
        aws_access_key_id=Secret(KEY),
        aws_secret_access_key=Secret(SECRET),
        master_key=master_text(master),
    )
    cell = Cell(url, master)
    async with (
        services(settings, pool=4) as parts,
        Database(cell, role="retrace_projector", size=2) as writer,
    ):
        reader = Reader(writer, parts.keyring)
        yield Place(
            parts,
            Projector(PROJECTIONS, writer=writer, system=parts.system, reader=reader, hints=parts.hints),
            name,
            s3,
        )


async def contents(at: Place, tenant: UUID) -> dict[str, bytes]:
    """Of its documents' files, as they open there."""
    files = at.parts.files
    return {
        blob.name: await whole(files.read(tenant, UUID(blob.name)))
        async for blob in files.blobs.listed(tenant)
    }


async def log_of(at: Place, tenant: UUID) -> list[Recorded]:
    return [each async for each in at.parts.store.events(tenant)]


async def proved(at: Place, tenant: UUID) -> int:
    """Verification, invariants, and every figure; the log's end."""
    events = [each async for each in at.parts.store.events(tenant)]
    assert [each.position for each in events] == list(range(1, len(events) + 1))
    report = await at.parts.verify(tenant, closely=True)
    assert report.findings == [], report.findings
    assert report.events == len(events)
    invariants = Invariants()
    invariants.fold(events)
    assert invariants.violations == []
    await at.projector.catch_up([tenant])
    found = await reconcile(tenant, database=at.parts.database, reader=at.parts.reader)
    assert {each.position for each in found} == {len(events)}
    assert [each.differences for each in found if each.differences] == []
    return len(events)


async def brought_up(at: Place) -> None:
    """As the projector role does: read models of a newer version are built beside those that are there, and put in their place."""
    async with Database(at.parts.cell, role="retrace_projector", size=2) as events:
        builder = BlueGreenBuilder(
            PROJECTIONS,
            cell=at.parts.cell,
            master=at.parts.cell.master,
            system=at.parts.system,
            reader=Reader(events, at.parts.keyring),
        )
        running = asyncio.create_task(builder.run())
        wanted = {each.name: each.version for each in PROJECTIONS}
        async with asyncio.timeout(120):
            while wanted != {
                each.projection: each.version
                for each in await builds(at.parts.system)
                if each.place == "live"
            }:
                await at.projector.catch_up()
                await asyncio.sleep(0.05)
        await cancel_and_wait(running)
