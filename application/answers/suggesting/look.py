"""Whether it is looked for what to suggest, and with which offers that the answer may be about."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from application.answers.consider import Considered
from application.answers.inquiry import Inquiry
from application.answers.ports import Named, Ports
from domain.agents.agent import AgentConfiguration
from domain.answers.memory import viewed
from domain.answers.suggesting.known import NOTHING, Known
from domain.answers.suggesting.suggest import OF_OFFERS, withheld
from domain.base.context import Context
from domain.models.completion import Passage

SURE = 0.6
"""Confidence from which on an offer is taken as named."""


async def known_to_suggest(
    inquiry: Inquiry,
    considered: Considered,
    passages: Sequence[Passage],
    configuration: AgentConfiguration,
    context: Context,
    ports: Ports,
) -> Known:
    """Nothing where nobody wants to know, the answer is about nothing of the catalogue, or it can't be told in time: no answer waits for it."""
    if not (configuration.suggestions and inquiry.suggests) or inquiry.situation is None:
        return NOTHING
    if withheld(considered.plan.decision, considered.understanding) is not None:
        return NOTHING
    wants = _wants(considered)
    named = _named(inquiry, considered, passages, wants)
    if not named and not OF_OFFERS & wants:
        return NOTHING
    look = partial(ports.suggesting.known, context.tenant, inquiry.subject, named)
    return (await ports.in_time.ask({"suggestions": look}))["suggestions"].value or NOTHING


def _wants(considered: Considered) -> frozenset[str]:
    understanding = considered.understanding
    return frozenset() if understanding is None else frozenset(each.name for each in understanding.intents)


def _named(
    inquiry: Inquiry, considered: Considered, passages: Sequence[Passage], wants: frozenset[str]
) -> list[Named]:
    understanding, situation = considered.understanding, inquiry.situation
    assert situation is not None
    found = [Named(offer=each, by="pressed") for each in situation.pressed]
    if understanding is not None:
        entities = {each.value for each in understanding.entities if each.kind in ("product", "service")}
        found += [
            Named(offer=each.id or each.name, by="named")
            for each in understanding.offers
            if each.name in entities and each.confidence >= SURE
        ]
    found += [
        Named(offer=document, by="cited")
        for document in dict.fromkeys(each.document for each in passages if each.source == "shop")
    ]
    if OF_OFFERS & wants:
        found += [Named(offer=name, by="viewed") for name in viewed(inquiry.memory)]
    return found
