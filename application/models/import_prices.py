"""Taking over what a price file has otherwise than the tenant's catalogue."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

import msgspec

from application.base.setting import change_setting
from application.models.price_file import PROVIDERS, Offer
from application.ports import Clock, Store
from domain.base.context import Context
from domain.base.errors import Refused
from domain.models.catalogue import Catalogue, Model, named
from domain.models.catalogue_overrides import CatalogueOverrides
from domain.models.pricing import Price

FEWEST = 50
"""Models that a whole file has at least."""


class ImportCatalogue(msgspec.Struct, frozen=True, kw_only=True):
    offer: Offer


class CatalogueImported(msgspec.Struct, frozen=True, kw_only=True):
    """provider/name of what was added and changed. `missing`: models of these providers that the file does not have; they stay."""

    tenant: UUID
    added: tuple[str, ...]
    changed: tuple[str, ...]
    unchanged: int
    missing: int
    left_out: dict[str, int]
    position: int


async def import_catalogue(
    command: ImportCatalogue, context: Context, *, store: Store, shipped: Catalogue, clock: Clock
) -> CatalogueImported:
    """Take over what the file has otherwise, from now on. Raises Refused for a file that can't be whole.

    Of a model that is known the window stays, where it is not a guess: the file counts the prompt alone. Retired models, and those of
    other endpoints, come along: they are refused by name where they are configured, and have a price where they are called all the same.
    """
    offer = command.offer
    found: list[_Comparison] = []

    def decide(overrides: CatalogueOverrides) -> None:
        now = clock()
        compared = _compare(offer, overrides, overrides.over(shipped), now)
        found[:] = [compared]
        overrides.take_in(
            source=offer.source, digest=offer.digest, models=compared.models, prices=compared.prices, at=now
        )

    changed = await change_setting(CatalogueOverrides, decide, context, store=store, clock=clock)
    (compared,) = found
    touched = sorted({model.id for model in compared.models} | {price.names for price in compared.prices})
    return CatalogueImported(
        tenant=context.tenant,
        added=tuple(id for id in touched if id not in compared.known),
        changed=tuple(id for id in touched if id in compared.known),
        unchanged=len(offer.models) - len(touched),
        missing=compared.missing,
        left_out=offer.left_out,
        position=changed.position,
    )


class _Comparison(msgspec.Struct, kw_only=True):
    known: frozenset[str]
    missing: int
    models: list[Model] = []
    prices: list[Price] = []


def _compare(offer: Offer, overrides: CatalogueOverrides, catalogue: Catalogue, now: datetime) -> _Comparison:
    """What the file has otherwise. Raises Refused for a file that was cut, or is another one."""
    there = {model.id: model for model in catalogue.models()}
    comparable = {id for id, model in there.items() if model.provider in PROVIDERS.values()}
    if (here := len(offer.models)) < FEWEST:
        raise Refused(f"{offer.source} has {here} models that we can use; a whole file has at least {FEWEST}")
    if 2 * here < (known := len(comparable)):
        raise Refused(
            f"{offer.source} has {here} models, less than half of the {known} that are known already"
        )
    offered = {catalogue.canonical(id): id for id in offer.models}
    found = _Comparison(known=frozenset(there), missing=len(comparable - set(offered)))
    for id, as_offered in offered.items():
        provider, name = named(id)
        model = msgspec.structs.replace(offer.models[as_offered], provider=provider, name=name)
        merged = _merged(there.get(id), model)
        if merged != there.get(id):
            found.models.append(merged)
        # A retired one keeps its price: who reaches it all the same is charged.
        current = catalogue.price_of(id, now)
        price = _with_tiers(offer.prices.get(as_offered), current)
        if price is not None and (current is None or current.terms != price.terms):
            until = _next(overrides, id, now)
            facts = {"provider": provider, "model": name, "since": now, "until": until}
            found.prices.append(msgspec.structs.replace(price, **facts))
    return found


def _with_tiers(offered: Price | None, current: Price | None) -> Price | None:
    """A file that says nothing of service tiers leaves those of the same price as they are."""
    if offered is None or current is None or offered.service_tiers:
        return offered
    kept = msgspec.structs.replace(offered, service_tiers=current.service_tiers)
    return kept if kept.terms == current.terms else offered


def _merged(known: Model | None, offered: Model) -> Model:
    if known is None:
        return offered
    found = msgspec.structs.replace(
        known,
        kind=offered.kind,
        retires_at=offered.retires_at or known.retires_at,
        successor=offered.successor or known.successor,
    )
    if known.assumed and not offered.assumed:
        window, output = offered.context_window, offered.max_output or known.max_output
        found = msgspec.structs.replace(found, context_window=window, max_output=output, assumed=False)
    return found


def _next(overrides: CatalogueOverrides, id: str, now: datetime) -> datetime | None:
    """When the next price that the tenant has announced begins."""
    return min(
        (price.since for price in overrides.state.prices.get(id, ()) if price.since > now), default=None
    )
