"""What became of interactions on the channels by which they go out, from the read model of that."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import msgspec

from domain.base.recorded import Recorded
from domain.conversations.conversation import Conversation
from interfaces.bootstrap import Services
from interfaces.http.conversations.feedback_token import with_token
from interfaces.http.conversations.interaction import Delivered, Interaction, from_events
from projections.deliveries import Deliveries, DeliveryRow, deliveries_of


async def shown_with_delivery(
    groups: Sequence[Sequence[Recorded]], services: Services, tenant: UUID, at_least: int | None
) -> list[Interaction]:
    """The interactions of these events, one group each, with the tokens to rate them. Of what came over the HTTP API nothing is looked for."""
    shown = [await with_token(from_events(events), tenant, services) for events in groups]
    by_channel = [each.id for each, events in zip(shown, groups, strict=True) if _by_channel(events)]
    if not by_channel:
        return shown
    async with services.reads.at(tenant, Deliveries(), at_least) as sql:
        found = await deliveries_of(sql, tenant, by_channel)
    return [
        msgspec.structs.replace(each, delivery=tuple(map(_delivered, found.get(each.id, ()))))
        for each in shown
    ]


def _by_channel(events: Sequence[Recorded]) -> bool:
    return any(
        isinstance(recorded.event, Conversation.MessageReceived) and recorded.event.sender is not None
        for recorded in events
    )


def _delivered(row: DeliveryRow) -> Delivered:
    return Delivered(form=row.form, status=row.status, code=row.code, attempts=row.attempts, again=row.again)
