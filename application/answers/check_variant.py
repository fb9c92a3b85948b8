"""A variant as somebody sends it, checked before anything is made of it: what it names must be there."""

from __future__ import annotations

from uuid import UUID

from application.agents.agent import configuration_of
from application.models.catalogue import catalogue_of
from application.ports import Clock, Store
from domain.answers.variant import Variant
from domain.models.catalogue import Catalogue


async def check_variant(
    variant: Variant, tenant: UUID, *, store: Store, catalogue: Catalogue, clock: Clock
) -> Variant:
    """As it is kept: fields and models as they are written there. `catalogue` is the shipped one.

    Raises Invalid for a field, a prompt, a placeholder that there is not, or a value that does not fit; Invalid or Refused for a model
    that nobody has, or that is retired; each with what there is instead.
    """
    known = await catalogue_of(tenant, store=store, shipped=catalogue)
    checked = variant.checked().renamed(known.canonical)
    configuration, _ = await configuration_of(tenant, store=store)
    checked.applied(configuration).check()
    for model in checked.models:
        known.check_offered(model)
        known.check(model, clock(), "chat")
    return checked
