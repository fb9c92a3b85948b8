"""Which of the offers that an answer may rest on have a picture to show."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from application.answers.inquiry import Inquiry
from application.ports import Offers, Unavailable
from domain.agents.agent import AgentConfiguration
from domain.answers.pictured import Pictured, pictured
from domain.models.completion import Passage


async def pictured_offers(
    inquiry: Inquiry,
    passages: Sequence[Passage],
    configuration: AgentConfiguration,
    tenant: UUID,
    offers: Offers,
) -> tuple[Pictured, ...]:
    """None where nobody is to see it, or the catalogue can't be read at the moment: the answer is a text then."""
    found = list(dict.fromkeys(each.document for each in passages if each.source == "shop"))
    if not (found and inquiry.suggests and configuration.rich_messages) or inquiry.situation is None:
        return ()
    try:
        known = (await offers.get(tenant)).by_id
    except Unavailable:
        return ()
    shown = (pictured(id, known[id].facts) for id in found if id in known)
    return tuple(each for each in shown if each is not None)
