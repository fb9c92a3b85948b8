"""Which of the offers that an answer may rest on have a picture to show."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from uuid import UUID

from application.answers.inquiry import Inquiry
from application.answers.ports import Ports
from domain.agents.agent import AgentConfiguration
from domain.answers.pictured import Pictured, pictured
from domain.models.completion import Passage


async def pictured_offers(
    inquiry: Inquiry,
    passages: Sequence[Passage],
    configuration: AgentConfiguration,
    tenant: UUID,
    ports: Ports,
) -> tuple[Pictured, ...]:
    """None where nobody is to see it, or the catalogue can't be read in time: the answer is a text then."""
    found = list(dict.fromkeys(each.document for each in passages if each.source == "shop"))
    if not (found and inquiry.suggests and configuration.rich_messages) or inquiry.situation is None:
        return ()
    look = partial(ports.offers.get, tenant)
    if (catalogue := (await ports.in_time.ask({"offers": look}, goes_on=True))["offers"].value) is None:
        return ()
    known = catalogue.by_id
    shown = (pictured(id, known[id].facts) for id in found if id in known)
    return tuple(each for each in shown if each is not None)
