"""What must hold of campaigns after every event of a tenant's log."""

from __future__ import annotations

from uuid import UUID

from domain.audit.conversation_checks import Check
from domain.base.recorded import Recorded
from domain.channels.delivery import Delivery as D
from domain.channels.delivery import delivery_of
from domain.conversations.conversation import Conversation as C


def nobody_gets_a_campaign_twice() -> Check:
    """Is told it, or has it taken in to be sent. That a message is not sent twice holds of all messages."""
    told: set[tuple[UUID, UUID]] = set()
    taken: set[tuple[UUID, UUID, int]] = set()

    def check(recorded: Recorded) -> str | None:
        event = recorded.event
        if isinstance(event, C.Campaigned):
            if (recorded.stream, event.campaign) in told:
                return f"the campaign {event.campaign} was told a second time"
            told.add((recorded.stream, event.campaign))
        elif isinstance(event, D.TakenIn):
            for outgoing in event.outgoing:
                if outgoing.campaign is None:
                    continue
                key = recorded.stream, outgoing.campaign, outgoing.part
                if key in taken:
                    return f"message {outgoing.part} of the campaign {outgoing.campaign} was taken in a second time"
                taken.add(key)
        return None

    return check


def no_campaign_is_sent_to_who_has_opted_out() -> Check:
    """An attempt that is on record after the opt-out must have ended without a call."""
    out: set[UUID] = set()
    campaigns: set[tuple[UUID, int]] = set()
    suspect: set[tuple[UUID, int]] = set()

    def check(recorded: Recorded) -> str | None:
        event, stream = recorded.event, recorded.stream
        if recorded.topic == C.OptedOut.TOPIC:
            out.add(delivery_of(stream))
        elif recorded.topic == C.OptedIn.TOPIC:
            out.discard(delivery_of(stream))
        elif isinstance(event, D.TakenIn | D.Replaced):
            for number, outgoing in enumerate(event.outgoing, event.first):
                if outgoing.campaign is not None:
                    campaigns.add((stream, number))
        elif isinstance(event, D.Attempted):
            if stream in out and (stream, event.number) in campaigns:
                suspect.add((stream, event.number))
        elif (
            isinstance(event, D.Accepted | D.NotTaken | D.FateUnknown | D.StatusTold)
            and (stream, event.number) in suspect
        ):
            suspect.discard((stream, event.number))
            # Who dies after the attempt leaves a fate that is unknown: whether it was called is the vendor's to tell.
            if not isinstance(event, D.NotTaken | D.FateUnknown):
                return f"message {event.number} of a campaign was sent to who had opted out"
        return None

    return check
