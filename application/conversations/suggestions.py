"""What is suggested behind an answer, and what the customer makes of what was before: decided here, of what was prepared. Nothing is read or saved."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from application.answers.prepared import Prepared
from domain.answers.plan import Decision, Situation
from domain.answers.suggesting.known import NOTHING
from domain.answers.suggesting.reactions import Reaction, reactions
from domain.answers.suggesting.suggest import VERSION, Suggestions, about, suggest, withheld
from domain.answers.suggesting.telling import suggestion_text
from domain.conversations.answers import Pairing
from domain.conversations.fitting import fitting
from domain.models.completion import Citation

SURE = 0.6
"""Confidence from which on an offer is taken as named."""


def suggestions_beside(
    text: str,
    citations: Sequence[Citation],
    prepared: Prepared,
    decision: Decision,
    situation: Situation,
    *,
    unsure: bool,
) -> Suggestions | None:
    """None: nothing is known that could be."""
    known, understanding = prepared.known, prepared.considered.understanding
    if known == NOTHING:
        return None
    why = withheld(
        decision,
        understanding,
        cites=bool(citations),
        unsure=unsure,
        asks=fitting(text) is not None,
    )
    if why is not None:
        return Suggestions(withheld=why, rule=VERSION, known=known)
    subjects = about(known, {each.document for each in citations}, understanding)
    most = prepared.configuration.most_suggestions
    found = suggest(known, subjects, situation.suggested, situation.at, most=most)
    told = suggestion_text(
        found.offers, lambda name, values: prepared.wordings.told(name, prepared.language, values)
    )
    return replace(found, told=told)


def pairings(found: Suggestions) -> tuple[Pairing, ...]:
    """Without a word of them."""
    return tuple(Pairing(offer=each.offer, to=each.to, reason=each.reason) for each in found.offers)


def reactions_in(prepared: Prepared, situation: Situation) -> tuple[Reaction, ...]:
    """To what was suggested before."""
    understanding = prepared.considered.understanding
    offers = () if understanding is None else understanding.offers
    return reactions(
        situation.suggested,
        situation.at,
        pressed=situation.pressed,
        named={each.id for each in offers if each.id is not None and each.confidence >= SURE},
        refuses=situation.refuses,
        last=situation.last,
    )
