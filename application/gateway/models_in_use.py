"""Which models a tenant's agent is set to ask, and until when they are there."""

from __future__ import annotations

from uuid import UUID

from application.base.setting import latest_setting
from application.gateway.ports import Ports
from application.gateway.tenant_settings import settings_of
from application.ports import Clock
from domain.gateway.models_in_use import ModelInUse, models_in_use
from domain.retrieval.embedding_model import EmbeddingModel, space_named


async def models_of(tenant: UUID, ports: Ports, clock: Clock) -> list[ModelInUse]:
    """Those that are gone or going first; what is set is at most a second old."""
    settings = await settings_of(tenant, ports)
    embedding = await latest_setting(EmbeddingModel, tenant, store=ports.store)
    serving = None if embedding is None else embedding.state.serving
    return models_in_use(
        settings.configuration,
        settings.policy,
        None if serving is None else space_named(serving).model,
        settings.catalogue,
        clock(),
    )
