"""The catalogue of a tenant: the shipped one, and over it what was set for the tenant."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from uuid import UUID

import msgspec

from application.base.setting import change_setting, latest_setting, load_setting
from application.ports import Clock, Store
from domain.base.context import Context
from domain.base.errors import NotFound
from domain.base.times import in_utc
from domain.models.catalogue import Catalogue, Model, named
from domain.models.catalogue_overrides import CatalogueOverrides
from domain.models.pricing import LongContext, Price, ServiceTier


class PriceTerms(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """USD per million tokens, as in `domain.models.pricing.Price`."""

    input: Decimal
    output: Decimal
    cached: Decimal | None = None
    cache_write: Decimal | None = None
    long_context: tuple[LongContext, ...] = ()
    service_tiers: tuple[ServiceTier, ...] = ()


class SetModel(msgspec.Struct, frozen=True, kw_only=True):
    model: Model


class SetPrice(msgspec.Struct, frozen=True, kw_only=True):
    """`model` is provider/name; without `since` from now on."""

    model: str
    terms: PriceTerms
    since: datetime | None = None
    until: datetime | None = None


class CorrectPrice(msgspec.Struct, frozen=True, kw_only=True):
    """`corrects` is the id of the price that is wrong. Without `since` from its own beginning on; without `until` as long as that one held."""

    corrects: str
    terms: PriceTerms
    since: datetime | None = None
    until: datetime | None = None
    reason: str


class CatalogueChanged(msgspec.Struct, frozen=True, kw_only=True):
    """`position` 0: it was so already."""

    catalogue: Catalogue
    version: int
    position: int


async def catalogue_of(tenant: UUID, *, store: Store, shipped: Catalogue) -> Catalogue:
    """At most a second old."""
    return (await versioned_catalogue(tenant, store=store, shipped=shipped))[0]


async def versioned_catalogue(tenant: UUID, *, store: Store, shipped: Catalogue) -> tuple[Catalogue, int]:
    """With the version of what was set for the tenant, 0 where nothing ever was. At most a second old."""
    overrides = await latest_setting(CatalogueOverrides, tenant, store=store)
    if overrides is None:
        return shipped, 0
    return overrides.over(shipped), overrides.version


async def overrides_of(
    tenant: UUID, *, store: Store, shipped: Catalogue
) -> tuple[Catalogue, Mapping[str, str], int]:
    """The catalogue as of now; what was corrected: id of a price → id of the one that was set because of it; and the version."""
    overrides = await load_setting(CatalogueOverrides, tenant, store=store)
    if overrides is None:
        return shipped, {}, 0
    return overrides.over(shipped), overrides.state.corrected, overrides.version


async def set_model(
    command: SetModel, context: Context, *, store: Store, shipped: Catalogue, clock: Clock
) -> CatalogueChanged:
    """Add a model, or put another one in the place of a shipped one, however its name is written."""
    model = msgspec.structs.replace(command.model, retires_at=in_utc("retires_at", command.model.retires_at))

    def decide(overrides: CatalogueOverrides) -> None:
        written = overrides.over(shipped).canonical
        provider, name = named(written(model.id))
        successor = None if model.successor is None else written(model.successor)
        meant = msgspec.structs.replace(model, provider=provider, name=name, successor=successor)
        overrides.set_model(meant, clock())

    return await _change(decide, context, store, shipped, clock)


async def set_price(
    command: SetPrice, context: Context, *, store: Store, shipped: Catalogue, clock: Clock
) -> tuple[Price, CatalogueChanged]:
    """A price from a time on. Raises Refused where it overlaps another one, or where it changes the past: that is a correction."""
    since, until = in_utc("since", command.since), in_utc("until", command.until)
    made: list[Price] = []

    def decide(overrides: CatalogueOverrides) -> None:
        now, model = clock(), overrides.over(shipped).canonical(command.model)
        overrides.set_price(_price(model, command.terms, since or now, until), shipped, now)
        made[:] = [overrides.state.prices[model][-1]]

    changed = await _change(decide, context, store, shipped, clock)
    return made[0], changed


async def correct_price(
    command: CorrectPrice, context: Context, *, store: Store, shipped: Catalogue, clock: Clock
) -> tuple[Price, CatalogueChanged]:
    """Another price for a time that may have passed. What was charged stays on record: `reprice` tells the difference."""
    since, until = in_utc("since", command.since), in_utc("until", command.until)
    made: list[Price] = []

    def decide(overrides: CatalogueOverrides) -> None:
        wrong = overrides.over(shipped).price_named(command.corrects)
        if wrong is None:
            raise NotFound(f"there is no price {command.corrects[:200]!r} that this tenant knows")
        price = _price(wrong.names, command.terms, since or wrong.since, until or overrides.end_of(wrong))
        overrides.correct_price(command.corrects, price, command.reason, shipped, clock())
        made[:] = [overrides.state.prices[wrong.names][-1]]

    changed = await _change(decide, context, store, shipped, clock)
    return made[0], changed


async def _change(
    decide: Callable[[CatalogueOverrides], None],
    context: Context,
    store: Store,
    shipped: Catalogue,
    clock: Clock,
) -> CatalogueChanged:
    changed = await change_setting(CatalogueOverrides, decide, context, store=store, clock=clock)
    return CatalogueChanged(
        catalogue=changed.setting.over(shipped), version=changed.version, position=changed.position
    )


def _price(model: str, terms: PriceTerms, since: datetime, until: datetime | None) -> Price:
    provider, name = named(model)
    return Price(
        provider=provider,
        model=name,
        input=terms.input,
        output=terms.output,
        cached=terms.cached,
        cache_write=terms.cache_write,
        long_context=terms.long_context,
        service_tiers=terms.service_tiers,
        since=since,
        until=until,
    )
