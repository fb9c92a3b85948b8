"""The ports of application/ports/reading.py, answered by read models: here alone both are at hand."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from application.ports import IdleConversation, Located, Writing
from domain.base.errors import NotFound
from domain.flags.rollout import Sides
from infra.projections.reads import Reads
from projections import authorship, rollouts, transcript


class TranscriptLocator:
    """Finds interactions in the transcript. Implements `application.ports.Locator`."""

    def __init__(self, reads: Reads) -> None:
        self._reads = reads

    async def locate(self, tenant: UUID, interaction: UUID) -> Located:
        """Raises NotFound, or Unavailable while the transcript can't tell."""
        row = await self._reads.find(
            tenant,
            transcript.Transcript(),
            lambda sql: transcript.get_interaction(sql, tenant, interaction),
        )
        if row is None:
            raise NotFound(f"there is no interaction {interaction} in this tenant")
        return Located(row.conversation, row.first_version)


class ReadIdle:
    """Finds idle conversations in the transcript. Implements `application.ports.Idle`."""

    def __init__(self, reads: Reads) -> None:
        self._reads = reads

    async def find(
        self, tenant: UUID, *, until: datetime, after: tuple[datetime, UUID] | None, limit: int
    ) -> Sequence[IdleConversation]:
        async with self._reads.at(tenant, transcript.Transcript()) as sql:
            rows = await transcript.idle_conversations(sql, tenant, until=until, after=after, limit=limit)
        return [IdleConversation(conversation=row.conversation, last_at=row.last_at) for row in rows]


class ReadMetrics:
    """Reads how answers did out of the read model of rollouts. Implements `application.ports.Metrics`."""

    def __init__(self, reads: Reads) -> None:
        self._reads = reads

    async def of(self, tenant: UUID, rollout: UUID, step: int) -> Sides:
        """Of all that the log has now. Raises Unavailable while the read model does not know it."""
        head = await self._reads.head(tenant)
        async with self._reads.at(tenant, rollouts.Rollouts(), head) as sql:
            return await rollouts.sides_of(sql, tenant, rollout, step)


class ReadAuthorship:
    """Finds texts in the read model of that name. Implements `application.ports.Authorship`."""

    def __init__(self, reads: Reads) -> None:
        self._reads = reads

    async def find(self, tenant: UUID, fingerprints: Collection[bytes], limit: int) -> Sequence[Writing]:
        """Raises Unavailable while the read model can't tell."""
        rows = await self._reads.find(
            tenant,
            authorship.Authorship(),
            lambda sql: authorship.find_authorship(sql, tenant, fingerprints, limit),
        )
        return [Writing(stream=row.stream, position=row.position) for row in rows or ()]
