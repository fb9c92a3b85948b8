"""Channels: what a customer is sent, and what became of it.

Begin in `delivery.py`: one stream a conversation. `outgoing.py`: which messages of a channel an answer makes.
"""

from __future__ import annotations

from typing import Any

from domain.base.aggregate import Aggregate
from domain.channels.contents import Contents
from domain.channels.delivery import Delivery

AGGREGATES: tuple[type[Aggregate[Any]], ...] = (
    Delivery,
    Contents,
)
