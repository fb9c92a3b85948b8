"""The work of channels: what a customer is to get is sent."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from application.base.work import context_of
from application.channels.calling import Held
from application.channels.deliver import Deliver, deliver
from application.channels.media import FetchMedia, fetch_media
from application.channels.ports import Ports as Ports
from application.ports import DELIVER_WORK, FETCH_MEDIA_WORK, Item, Kind, Settled

FETCHES = 40
"""How often a file is asked for that the vendor does not give: for two hours or so."""


def kinds(p: Ports) -> Mapping[str, Kind]:
    """Name → how it is done."""

    async def do_deliver(item: Item) -> datetime | Settled | None:
        command, held = Deliver(conversation=UUID(item.key)), Held(holder=item.holder, revision=item.revision)
        again = await deliver(command, context_of(item, p.ids, "delivery"), p, held=held)
        return "settled" if again is None and held.settled else again

    async def do_fetch_media(item: Item) -> None:
        command = FetchMedia(conversation=UUID(item.key), last=item.attempts >= FETCHES)
        await fetch_media(command, context_of(item, p.ids, "media"), p)

    return {
        FETCH_MEDIA_WORK: Kind(handler=do_fetch_media, attempts=FETCHES, lease=60.0),
        DELIVER_WORK: Kind(handler=do_deliver, attempts=20),
    }
