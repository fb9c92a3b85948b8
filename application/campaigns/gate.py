"""Whether messages of a campaign may still go out that wait to be sent again. Implements `application.channels.ports.Unasked`."""

from __future__ import annotations

from uuid import UUID

from application.ports import Store
from domain.base.errors import NotFound
from domain.campaigns.campaign import Campaign


class Cancelled:
    def __init__(self, store: Store) -> None:
        self._store = store

    async def withdrawn(self, tenant: UUID, campaign: UUID) -> bool:
        """As of at most a second ago."""
        try:
            found = await self._store.latest(Campaign, campaign, tenant=tenant)
        except NotFound:
            return True
        return found.state.status == "cancelled"
