"""Channels: how customers write and are written to.

`channels.py`: what a tenant has set of them. In: `incoming.py`. Out: `delivery.py`, one stream a conversation; `outgoing.py`: which messages
of a channel an answer makes.
"""

from __future__ import annotations

from typing import Any

from domain.base.aggregate import Aggregate
from domain.channels.alias import Alias
from domain.channels.channels import Channels
from domain.channels.contents import Contents
from domain.channels.delivery import Delivery
from domain.channels.media import ConversationMedia

AGGREGATES: tuple[type[Aggregate[Any]], ...] = (
    Channels,
    Alias,
    Delivery,
    Contents,
    ConversationMedia,
)
