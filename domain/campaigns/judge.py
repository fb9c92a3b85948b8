"""Whether a customer gets a campaign's message now, gets it later, or is left out, and why. Pure."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import msgspec

from domain.campaigns.omitted import Why
from domain.campaigns.plan import Plan
from domain.campaigns.quiet import over_at, zone_of_address
from domain.campaigns.words import Values, missing
from domain.channels.window import is_outside
from domain.conversations.conversation import Conversation


class LeaveOut(msgspec.Struct, frozen=True):
    why: Why
    missing: tuple[str, ...] = ()


class Later(msgspec.Struct, frozen=True):
    """Their quiet hours are over `until` then."""

    until: datetime


class Reach(msgspec.Struct, frozen=True):
    """They get it now."""


Verdict = Reach | Later | LeaveOut


def judge(
    plan: Plan, conversation: Conversation, now: datetime, values: Values, otherwise: ZoneInfo
) -> Verdict:
    """Of a customer in the audience, as their conversation stands. `values`: what is known of them for the message's placeholders; `otherwise`: the
    time zone of those whose number tells none."""
    state = conversation.state
    if state.forgotten:
        return LeaveOut("erased")
    if state.opted_out is not None:
        return LeaveOut("opted_out")
    if state.sender is None or not conversation.recipient:
        return LeaveOut("no_address")
    if plan.sender is not None and state.sender != plan.sender:
        return LeaveOut("other_sender")
    if state.handoff is not None:
        return LeaveOut("with_a_person")
    if plan.message.template is None and is_outside(conversation, now):
        return LeaveOut("outside_window")
    if unknown := missing(plan.message, values):
        return LeaveOut("no_value", unknown)
    if plan.quiet_hours is not None:
        zone = zone_of_address(conversation.recipient, now, otherwise)
        if (until := over_at(plan.quiet_hours, now, zone)) is not None:
            return Later(until)
    return Reach()
