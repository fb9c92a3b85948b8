"""What a campaign's log has come to."""

from __future__ import annotations

from datetime import datetime
from typing import Literal
from uuid import UUID

import msgspec

from domain.base.aggregate import NIL
from domain.campaigns.message import CampaignMessage
from domain.campaigns.plan import Plan

Status = Literal["draft", "scheduled", "running", "paused", "cancelled", "finished"]

NOT_YET = Plan(name="-", message=CampaignMessage(text="-"))


class CampaignState(msgspec.Struct):
    """`begins_at`: when it is to begin; `began_at`: when it has. `after`: the customer up to whom this `round` has come, in the order of their
    ids. `later`: when the first of those in their quiet hours may be written to; then the next round begins."""

    plan: Plan = NOT_YET
    status: Status = "draft"
    created_at: datetime | None = None
    begins_at: datetime | None = None
    began_at: datetime | None = None
    ended_at: datetime | None = None
    round: int = 1
    after: UUID = NIL
    later: datetime | None = None
    rests_until: datetime | None = None
