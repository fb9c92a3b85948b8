"""The plan of a campaign: what goes to whom, from which address, and when it may not. Pure."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from domain.base.errors import Invalid
from domain.base.zones import UTC_ZONE, zone_of
from domain.campaigns.audience import Audience
from domain.campaigns.limits import check_message
from domain.campaigns.message import CampaignMessage
from domain.campaigns.quiet import QuietHours

CHANNEL = "whatsapp"
"""The channel that has forms, templates and a window."""


class Plan(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """`sender`: our address that it goes out from, to those who wrote to that one; null: from the one that each customer wrote to last.
    `outside_window`: what becomes of customers who wrote more than 24 hours ago, where there is no template: they are left out, or the
    campaign is refused when it is scheduled. `quiet_hours`: null: none. `time_zone`: of customers whose number tells none;
    null: the tenant's (`/v1/time-zone`).
    `conversion_days`: for how long after the message an order or a booking counts as its.
    """

    name: Annotated[str, Meta(min_length=1, max_length=200)]
    message: CampaignMessage
    audience: Audience = Audience()
    sender: Annotated[str, Meta(max_length=200)] | None = None
    outside_window: Literal["leave_out", "refuse"] = "leave_out"
    quiet_hours: QuietHours | None = QuietHours()
    time_zone: Annotated[str, Meta(max_length=60)] | None = None
    conversion_days: Annotated[int, Meta(ge=1, le=90)] = 7

    def check(self) -> None:
        """Raises Invalid, which names what is over which limit."""
        if not self.name.strip():
            raise Invalid("name: a campaign has a name of at least one visible character")
        if self.time_zone is not None:
            zone_of(self.time_zone)
        if self.quiet_hours is not None:
            self.quiet_hours.check()
        self.audience.check()
        check_message(self.message)
        if self.audience.channel != CHANNEL and (self.message.buttons or self.message.template):
            raise Invalid(
                f"audience: only {CHANNEL} has buttons and templates; send a text or a file by others"
            )


def name_zone(facts: dict[str, Any]) -> None:
    """Of an event with a plan that was made when UTC was what held without one: names it."""
    facts["plan"] = {"time_zone": UTC_ZONE, **facts["plan"]}
