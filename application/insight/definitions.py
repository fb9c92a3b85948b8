"""A tenant's definitions and inputs of figures: set, and read with their version."""

from __future__ import annotations

from uuid import UUID

import msgspec

from application.base.setting import change_setting, load_setting
from application.ports import Clock, Store
from domain.base.context import Context
from domain.insight.definitions import Definitions, Used
from domain.insight.settings import InsightSettings


class SetDefinitions(msgspec.Struct, frozen=True, kw_only=True):
    definitions: Definitions


class DefinitionsSet(msgspec.Struct, frozen=True, kw_only=True):
    """`position` is 0 when it was so already."""

    version: int
    position: int


async def set_definitions(
    command: SetDefinitions, context: Context, *, store: Store, clock: Clock
) -> DefinitionsSet:
    """Figures go by them from the next answer on. Raises Invalid."""
    command.definitions.check()
    changed = await change_setting(
        InsightSettings,
        lambda settings: settings.define(command.definitions, clock()),
        context,
        store=store,
        clock=clock,
    )
    return DefinitionsSet(version=changed.version, position=changed.position)


async def definitions_of(tenant: UUID, *, store: Store) -> Used:
    """As of now, with their version."""
    found = await load_setting(InsightSettings, tenant, store=store)
    return Used() if found is None else Used(version=found.version, values=found.state.definitions)
