"""Tenants that are left aside for a while, because their log can't be read: with a key that is missing perhaps. The others go on."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from uuid import UUID

from infra.projections.places import Place

log = logging.getLogger("retrace.projector")

SECONDS = 5.0
"""Until such a tenant is tried again."""


class Aside:
    def __init__(self, place: Place) -> None:
        self._place = place
        self._until: dict[UUID, tuple[float, int]] = {}  # until when, how often in a row

    def __len__(self) -> int:
        return len(self._until)

    def others(self, tenants: Sequence[UUID]) -> Sequence[UUID]:
        """Those of `tenants` that are not left aside now."""
        if not self._until:
            return tenants
        now = time.monotonic()
        return [tenant for tenant in tenants if self._until.get(tenant, (now, 0))[0] <= now]

    def failed(self, tenant: UUID, error: Exception) -> None:
        _, before = self._until.get(tenant, (0.0, 0))
        self._until[tenant] = (time.monotonic() + SECONDS, before + 1)
        if before & (before + 1) == 0:  # the 1st, 2nd, 4th, 8th … time
            facts = {"tenant": str(tenant), "place": self._place, "times": before + 1}
            text = "a tenant's log can't be read, so its projections wait"
            log.error(text, extra={"facts": facts}, exc_info=error)

    def went_well(self, tenant: UUID) -> None:
        self._until.pop(tenant, None)
