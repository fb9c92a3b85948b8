"""A campaign's life: a draft, scheduled, running, with pauses and rounds, to its end."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from domain.base.aggregate import NIL, Event
from domain.base.errors import Refused
from domain.campaigns.campaign import Campaign
from domain.campaigns.judge import Later, LeaveOut, Reach, judge
from domain.campaigns.message import CampaignMessage, TemplateUse
from domain.campaigns.omitted import Omitted
from domain.campaigns.plan import Plan
from domain.campaigns.quiet import QuietHours, over_at, zone_of_address
from domain.conversations.conversation import Conversation
from tests.domain.given import NOW, when

PLAN = Plan(name="n", message=CampaignMessage(text="Boots!"), quiet_hours=None)
HOUR, SENDER = timedelta(hours=1), "whatsapp:+15550100100"
BERLIN = "whatsapp:+4915550100101"
UTC = ZoneInfo("UTC")


def campaign(*steps: Callable[[Campaign], object]) -> Campaign:
    found = Campaign.draft(UUID(int=5), PLAN, NOW)
    for step in steps:
        step(found)
    return found


def schedule(found: Campaign) -> None:
    found.schedule(NOW + HOUR, NOW)


def start(found: Campaign) -> None:
    found.start(NOW + HOUR)


def kinds(events: list[Event]) -> list[str]:
    return [type(event).__name__ for event in events]


def test_it_is_due_when_it_is_scheduled_and_not_before() -> None:
    found = campaign()
    assert found.due_at() is None
    assert kinds(when(found, lambda: schedule(found))) == ["Scheduled"]
    assert found.due_at() == NOW + HOUR
    assert when(found, lambda: schedule(found)) == []
    assert kinds(when(found, lambda: found.schedule(NOW, NOW))) == ["Scheduled"]


def test_what_has_begun_is_changed_no_more() -> None:
    found = campaign(schedule)
    other = Plan(name="o", message=CampaignMessage(text="Shoes!"))
    assert kinds(when(found, lambda: found.revise(other, NOW))) == ["Revised"]
    assert when(found, lambda: found.revise(other, NOW)) == []
    start(found)
    for command in (lambda: found.revise(PLAN, NOW), lambda: schedule(found)):
        with pytest.raises(Refused):
            command()


def test_it_pauses_and_goes_on_where_it_was() -> None:
    found = campaign(schedule, start)
    assert kinds(when(found, lambda: found.pause(NOW))) == ["Paused"]
    assert found.due_at() is None
    assert when(found, lambda: found.pause(NOW)) == []
    assert kinds(when(found, lambda: found.resume(NOW))) == ["Resumed"]
    assert found.state.status == "running"
    waits = campaign(schedule, lambda each: each.pause(NOW), lambda each: each.resume(NOW))
    assert waits.state.status == "scheduled"
    with pytest.raises(Refused):
        campaign().pause(NOW)


def test_cancelled_is_for_good() -> None:
    found = campaign(schedule, start, lambda each: each.cancel(NOW))
    assert (found.due_at(), when(found, lambda: found.cancel(NOW))) == (None, [])
    for command in (found.resume, found.pause):
        with pytest.raises(Refused):
            command(NOW)
    # What was under way when it was told so counts all the same.
    assert kinds(when(found, lambda: found.advance(UUID(int=9), (), None, NOW))) == ["Advanced"]


def test_those_in_their_quiet_hours_have_a_round_of_their_own() -> None:
    found = campaign(schedule, start)
    left = Omitted(conversation=UUID(int=1), why="opted_out")
    found.advance(UUID(int=1), [left], NOW + 9 * HOUR, NOW)
    found.advance(UUID(int=2), [], NOW + 7 * HOUR, NOW)
    assert found.state.after == UUID(int=2)
    assert kinds(when(found, lambda: found.end_round(NOW))) == ["RoundEnded"]
    assert (found.due_at(), found.state.after, found.state.round) == (NOW + 7 * HOUR, NIL, 2)
    assert kinds(when(found, lambda: found.end_round(NOW))) == ["Finished"]
    with pytest.raises(Refused):
        found.cancel(NOW)


def conversation(*, sender: str | None = SENDER, address: str = BERLIN) -> Conversation:
    found = Conversation.start(UUID(int=7), channel="whatsapp", address=address, name=None, at=NOW)
    found.receive(message="m", text="hi", interaction=UUID(int=8), at=NOW, sender=sender)
    return found


def test_who_may_get_it_gets_it_and_others_are_left_out_with_why() -> None:
    assert judge(PLAN, conversation(), NOW, {}, UTC) == Reach()
    opted = conversation()
    opted.opt("out", "STOP", NOW)
    assert judge(PLAN, opted, NOW, {}, UTC) == LeaveOut("opted_out")
    opted.opt("in", "START", NOW)
    assert judge(PLAN, opted, NOW, {}, UTC) == Reach()
    opted.forget(NOW)
    assert judge(PLAN, opted, NOW, {}, UTC) == LeaveOut("erased")
    assert judge(PLAN, conversation(sender=None), NOW, {}, UTC) == LeaveOut("no_address")
    other = Plan(name="n", message=PLAN.message, sender="whatsapp:+15550100999", quiet_hours=None)
    assert judge(other, conversation(), NOW, {}, UTC) == LeaveOut("other_sender")
    handed = conversation()
    handed.hand_over("requested", ("asked",), NOW)
    assert judge(PLAN, handed, NOW, {}, UTC) == LeaveOut("with_a_person")
    assert judge(PLAN, conversation(), NOW + 24 * HOUR, {}, UTC) == LeaveOut("outside_window")
    template = Plan(
        name="n", message=CampaignMessage(template=TemplateUse(name="t", body="Hi")), quiet_hours=None
    )
    assert judge(template, conversation(), NOW + 24 * HOUR, {}, UTC) == Reach()


def test_quiet_hours_are_the_customers() -> None:
    night = Plan(name="n", message=PLAN.message, quiet_hours=QuietHours(), time_zone="UTC")
    at = NOW.replace(hour=20)  # 21:00 in Berlin, 12:00 in Los Angeles
    assert judge(night, conversation(), at, {}, UTC) == Later(NOW.replace(day=22, hour=8))
    assert judge(night, conversation(address="whatsapp:+14155238886"), at, {}, UTC) == Reach()


def test_who_tells_no_zone_goes_by_the_one_given() -> None:
    night = Plan(name="n", message=PLAN.message)
    nowhere, at = conversation(address="whatsapp:+15550199"), NOW.replace(hour=20)
    assert judge(night, nowhere, at, {}, UTC) == Later(NOW.replace(day=22, hour=9))
    assert judge(night, nowhere, at, {}, ZoneInfo("America/New_York")) == Reach()


@pytest.mark.parametrize("plan", [{"name": "n"}, {"name": "n", "time_zone": "Europe/Berlin"}])
def test_a_plan_of_before_keeps_the_zone_that_it_went_by(plan: dict[str, str]) -> None:
    facts = {"plan": dict(plan)}
    Campaign.Drafted.upcast_v2_v3(facts)
    assert facts["plan"] == {"time_zone": "UTC", **plan}


@pytest.mark.parametrize(
    ("begin", "end", "now", "until"),
    [
        ("20:00", "09:00", "2026-11-21T19:59+01:00", None),
        ("20:00", "09:00", "2026-11-21T20:00+01:00", "2026-11-22T09:00+01:00"),
        ("20:00", "09:00", "2026-11-21T08:59+01:00", "2026-11-21T09:00+01:00"),
        ("20:00", "09:00", "2026-11-21T09:00+01:00", None),
        ("12:00", "14:00", "2026-11-21T13:00+01:00", "2026-11-21T14:00+01:00"),
        ("12:00", "14:00", "2026-11-21T14:00+01:00", None),
        # Summer time begins in the night of 29 March 2026: 09:00 is an hour earlier.
        ("20:00", "09:00", "2026-03-28T23:00+01:00", "2026-03-29T09:00+02:00"),
    ],
)
def test_quiet_hours_go_over_midnight_and_summer_time(
    begin: str, end: str, now: str, until: str | None
) -> None:
    found = over_at(QuietHours(begin=begin, end=end), datetime.fromisoformat(now), ZoneInfo("Europe/Berlin"))
    assert found == (None if until is None else datetime.fromisoformat(until))


@pytest.mark.parametrize(
    ("address", "zone"),
    [
        ("whatsapp:+4915550100101", "Europe/Berlin"),
        ("whatsapp:+14155238886", "America/Los_Angeles"),
        ("whatsapp:+15550199", "UTC"),  # no number of any area
        ("whatsapp:+61412345678", "UTC"),  # a mobile: all of Australia
        ("whatsapp:+447911123456", "Europe/Guernsey"),  # four zones, one clock
        ("whatsapp:DE.48151623420000", "UTC"),
        ("whatsapp:+", "UTC"),
    ],
)
def test_a_number_tells_a_zone_where_it_can_mean_one_clock_only(address: str, zone: str) -> None:
    assert zone_of_address(address, NOW, ZoneInfo("UTC")) == ZoneInfo(zone)
