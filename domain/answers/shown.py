"""A suggestion that a customer got, as the conversation keeps it in mind. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec


class Shown(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The `offer` of the catalogue, by which `interaction`, and when. `reaction`: what the customer made of it."""

    offer: UUID
    interaction: UUID
    at: datetime
    reaction: Literal["accepted", "declined"] | None = None
