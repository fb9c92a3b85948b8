"""What a suggestion may be made of, looked for in one round trip: what goes with the offers that an answer may be about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from application.answers.ports import Named
from application.ports import Clock, Offers, Paired, Pairs
from domain.answers.suggesting.known import SOON, Candidate, Known, Subject
from domain.shop.catalogue import Catalogue
from domain.shop.first_free import first_free
from domain.shop.occupancy import Held
from domain.shop.service import ServiceFacts


@dataclass(frozen=True)
class CatalogueSuggesting:
    """By the catalogue that is held in memory, and read models. Implements `Suggesting`."""

    offers: Offers
    pairs: Pairs
    clock: Clock

    async def known(self, tenant: UUID, conversation: UUID, named: Sequence[Named]) -> Known:
        catalogue = await self.offers.get(tenant)
        if not catalogue.offers:
            return Known()
        subjects = [each for each in (_subject(one, catalogue) for one in named) if each is not None]
        now = self.clock()
        offers = list(dict.fromkeys(each.offer for each in subjects))
        pairs, held = await self.pairs.of(tenant, conversation, offers, now)
        for each in dict.fromkeys(pair.offer for pair in pairs if pair.offer not in offers):
            if (subject := _subject(Named(offer=each, by="bought"), catalogue)) is not None:
                subjects.append(subject)
        candidates = [_candidate(pair, catalogue, held.get(pair.other, ()), now) for pair in pairs]
        found = tuple(each for each in candidates if each is not None)
        return Known(subjects=tuple(subjects), candidates=found) if found else Known()


def _subject(named: Named, catalogue: Catalogue) -> Subject | None:
    """None: it is in the catalogue no more."""
    if isinstance(named.offer, str):
        found = next((each for each in catalogue.offers if each.facts.name == named.offer), None)
    else:
        found = catalogue.by_id.get(named.offer)
    return None if found is None else Subject(offer=found.id, name=found.facts.name, by=named.by)


def _candidate(pair: Paired, catalogue: Catalogue, held: Sequence[Held], now: datetime) -> Candidate | None:
    """None: it is not offered."""
    offered = catalogue.by_id.get(pair.other)
    if offered is None or not offered.facts.active:
        return None
    facts, slot = offered.facts, None
    if isinstance(facts, ServiceFacts):
        slot = first_free(facts.availability, held, now, SOON)
    return Candidate(
        offer=offered.id,
        kind=offered.kind,
        name=facts.name,
        price=f"{facts.price:f} {facts.currency}",
        to=pair.offer,
        rank=pair.rank,
        customers=pair.customers,
        stock=pair.stock,
        slot=None if slot is None else slot.start,
        bought=pair.bought,
    )
