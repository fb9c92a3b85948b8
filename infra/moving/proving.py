"""What speaks against a tenant that has just come in: its signature, its log, closely, and every figure of its read models, which are made for that."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from domain.audit.note import open_note
from domain.base.errors import Erased
from infra.audit.checkpoints import Checkpoints
from infra.audit.verify import verify
from infra.crypto.keyring import Keyring
from infra.crypto.wrapping import Tampered
from infra.log.reader import Reader
from infra.moving.parcel import Parcel
from infra.postgres.database import Database
from infra.projections.projector import Projector
from infra.projections.reconciling import reconcile


@dataclass(frozen=True)
class Prover:
    """`database` has the role of the application, as whoever serves the tenant later."""

    database: Database
    keyring: Keyring
    checkpoints: Checkpoints
    reader: Reader
    projector: Projector

    async def __call__(self, packed: Parcel, note: str) -> list[str]:
        tenant = packed.tenant
        try:
            # Whoever signed it had the tenant's keys: with what came out of the folder the very same note is made.
            if await self.checkpoints.attest(tenant, open_note(note, packed.key)) != note:
                return ["it was not signed with the tenant's own key"]
        except (Tampered, Erased) as error:
            return [f"its signing key does not open ({error})"]
        report = await verify(
            tenant,
            database=self.database,
            keyring=self.keyring,
            checkpoints=self.checkpoints,
            closely=True,
        )
        found = [str(finding) for finding in report.findings]
        if report.events != packed.head:
            found.append(f"it has {report.events} events, and should have {packed.head}")
        return found or await self._figures(tenant, packed.head)

    async def _figures(self, tenant: UUID, head: int) -> list[str]:
        await self.projector.catch_up([tenant])
        found = []
        for each in await reconcile(tenant, database=self.database, reader=self.reader):
            if each.differences:
                found.append(f"the figures of {each.projection} are not those of the events")
            elif each.position != head and not each.parked:
                found.append(f"the read model {each.projection} has come to {each.position} of {head}")
        return found
