"""How the providers do, as a tenant may see it; to let one be asked again at once is on record."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from uuid import UUID

import msgspec

from application.agents.agent import configuration_of
from application.base.amend import amend
from application.base.setting import latest_setting
from application.gateway.policy import policy_of
from application.models.catalogue import catalogue_of
from application.ports import Clock, HealthKeeper, Place, Store
from domain.answers.serving import Serving
from domain.base.context import Context
from domain.gateway.health import Lately
from domain.models.catalogue import Catalogue
from domain.tenancy.tenant import Tenant


class ResetHealth(msgspec.Struct, frozen=True, kw_only=True):
    """`model` None: all models of the provider. Both in any case."""

    provider: str
    model: str | None = None


class HealthReset(msgspec.Struct, frozen=True, kw_only=True):
    """`position` is 0 where nothing was known of any: then there was nothing to be done."""

    places: tuple[Place, ...]
    position: int


async def health_of(
    tenant: UUID, *, health: HealthKeeper, store: Store, catalogue: Catalogue
) -> Mapping[Place, Lately]:
    """What is known of the places that the tenant may know of.

    With a key of its own they are its own. Of the deployment's, which all tenants share, it sees the models of its catalogue, of its
    configuration and of the variants that it serves: what other tenants call their models is theirs.
    """
    known = await catalogue_of(tenant, store=store, shipped=catalogue)
    configuration, _ = await configuration_of(tenant, store=store)
    policy, _ = await policy_of(tenant, configuration, store=store)
    serving = await latest_setting(Serving, tenant, store=store)
    named = {
        configuration.default_model,
        configuration.understanding_model,
        *configuration.fallback_models,
        *(policy.models if policy else ()),
        *(serving.state.models if serving else ()),
    }
    return {
        place: lately
        for place, lately in (await health.all()).items()
        if place.owner == tenant
        or (
            place.owner is None and (known.find(place.provider, place.model) is not None or place.id in named)
        )
    }


async def reset_health(
    command: ResetHealth,
    context: Context,
    *,
    places: Collection[Place],
    health: HealthKeeper,
    store: Store,
    clock: Clock,
) -> HealthReset:
    """Those of `places` that are meant are asked again at once, by everybody.

    It is recorded first and then done, so that it never happens without a word.
    """
    provider, model = command.provider.strip().lower(), command.model and command.model.strip().lower()
    wanted = tuple(
        place for place in places if place.provider == provider and model in (None, place.model.lower())
    )
    if not wanted:
        return HealthReset(places=(), position=0)

    _, saved = await amend(
        Tenant,
        context.tenant,
        lambda tenant: tenant.reset_provider_health(provider, model and wanted[0].model, clock()),
        context=context,
        store=store,
    )
    await health.reset(wanted)
    return HealthReset(places=wanted, position=saved.position)
