"""A campaign that came twice, or to who had opted out, is named by its first event that is wrong."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from uuid import UUID

from domain.audit.campaign_checks import (
    no_campaign_is_sent_to_who_has_opted_out,
    nobody_gets_a_campaign_twice,
)
from domain.audit.conversation_checks import Check
from domain.base.aggregate import Aggregate
from domain.base.recorded import Recorded
from domain.channels.delivery import Delivery
from domain.channels.outgoing import Outgoing, Taken
from domain.conversations.campaigning import CampaignPart
from domain.conversations.conversation import Conversation
from tests.domain.given import NOW

CAMPAIGN, CUSTOMER = UUID(int=5), UUID(int=7)
PART = CampaignPart(text="Boots!")


def conversation() -> Conversation:
    return Conversation.start(CUSTOMER, channel="whatsapp", address="whatsapp:+49", name=None, at=NOW)


def delivery(found: Delivery | None = None) -> Delivery:
    made = found or Delivery.begin(CUSTOMER, NOW)
    outgoing = (Outgoing(version=2, interaction=None, campaign=CAMPAIGN),)
    made.take_in(Taken(outgoing=outgoing, taken=made.state.taken + 1, sender="whatsapp:+1"), NOW)
    return made


def found(make: Callable[[], Check], streams: Sequence[Aggregate]) -> list[str]:  # type: ignore[type-arg]
    """What the check says of the streams' events, one stream after the other."""
    check = make()
    every = [event for stream in streams for event in stream.collect_events()]
    said = []
    for position, event in enumerate(every, 1):
        recorded = Recorded(
            tenant=UUID(int=1),
            position=position,
            stream=event.originator_id,
            version=event.originator_version,
            topic=event.TOPIC,  # type: ignore[attr-defined]
            recorded_at=NOW,
            actor="test",
            correlation=UUID(int=2),
            causation=None,
            digest=b"",
            hash=b"",
            event=event,  # type: ignore[arg-type]
        )
        said.append(check(recorded))
    return [text for text in said if text is not None]


def test_once_is_right_and_twice_is_not() -> None:
    known = conversation()
    known.campaign(CAMPAIGN, [PART], NOW)
    known.campaign(UUID(int=6), [PART], NOW)
    assert found(nobody_gets_a_campaign_twice, [known, delivery()]) == []
    known = conversation()
    known.campaign(CAMPAIGN, [PART], NOW)
    known.campaign(CAMPAIGN, [PART], NOW)
    assert len(found(nobody_gets_a_campaign_twice, [known])) == 1
    assert len(found(nobody_gets_a_campaign_twice, [delivery(delivery())])) == 1


def test_what_went_out_after_an_opt_out_is_wrong_and_what_was_held_back_is_not() -> None:
    opted = conversation()
    opted.opt("out", "STOP", NOW)
    sent = delivery()
    sent.attempt(1, NOW)
    sent.accepted(1, 1, sid="SM1", by="answer", at=NOW)
    assert len(found(no_campaign_is_sent_to_who_has_opted_out, [opted, sent])) == 1
    opted, held = conversation(), delivery()
    opted.opt("out", "STOP", NOW)
    held.attempt(1, NOW)
    held.refused(1, 1, code="opted_out", passing=False, after=timedelta(), at=NOW)
    assert found(no_campaign_is_sent_to_who_has_opted_out, [opted, held]) == []
    back, sent = conversation(), delivery()
    back.opt("out", "STOP", NOW)
    back.opt("in", "START", NOW)
    sent.attempt(1, NOW)
    sent.accepted(1, 1, sid="SM1", by="answer", at=NOW)
    assert found(no_campaign_is_sent_to_who_has_opted_out, [back, sent]) == []
