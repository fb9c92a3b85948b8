"""Which embedding model a tenant's vectors are of: the deployment's default decides at its first document, and from then on the tenant."""

from __future__ import annotations

from collections.abc import Mapping
from uuid import UUID

import msgspec

from application.base.setting import change_setting, load_setting
from application.models.catalogue import catalogue_of
from application.ports import Clock, Due, ProviderError, Store, Vectors
from application.retrieval.embedding.metered import MeteredEmbedder
from domain.base.context import Context
from domain.base.errors import Invalid, Refused
from domain.models.catalogue import Catalogue
from domain.retrieval.embedding_model import (
    CHANGE_WORK,
    LOCAL,
    NARROW,
    SHORTENED,
    WIDEST,
    By,
    EmbeddingModel,
    VectorSpace,
    space_named,
)

SAMPLE = "When are you open?"
"""What a model is asked for to see whether it answers, and how long its vectors are."""


class SetEmbeddingModel(msgspec.Struct, frozen=True, kw_only=True):
    """`model` is provider/name. `dimension` None: 1024 of a model that gives shorter vectors when it is asked to, else what it makes."""

    model: str
    dimension: int | None = None


class EmbeddingModelShown(msgspec.Struct, frozen=True, kw_only=True):
    """`serving`: the vector space that is searched. `default`: what it would be for a tenant that has no documents yet. `coming`: the one
    that all passages are being embedded in; `delayed_by`: why that waits, empty where it does not.

    `chunks`: vector space → how many chunks have a vector of it. `version` 0: nothing was ever set.
    """

    serving: str
    dimension: int
    default: str
    coming: str | None = None
    delayed_by: str = ""
    chunks: Mapping[str, int]
    version: int
    position: int = 0


async def set_embedding_model(
    command: SetEmbeddingModel,
    context: Context,
    *,
    embedder: MeteredEmbedder,
    vectors: Vectors,
    store: Store,
    clock: Clock,
) -> EmbeddingModelShown:
    """Have another model's vectors searched. It is asked once, which is metered, so that a wrong key or name is told now.

    While there are passages of another model that goes on to serve until all are embedded anew, which is work (`change_model.py`). Raises
    Invalid, Refused where the model can't be asked.
    """
    catalogue = await catalogue_of(context.tenant, store=store, shipped=embedder.catalogue)
    catalogue.check_offered(command.model)
    catalogue.check(command.model, clock(), "embedding")
    space = space_of(command.model, command.dimension, catalogue)
    try:
        dimension = await dimension_of(space.id, context, embedder)
    except ProviderError as error:
        raise Refused(
            f"the embedding model {space.model} did not answer ({error.outcome}): {error.detail}"
        ) from None
    there = await vectors.models(context.tenant)

    def decide(setting: EmbeddingModel) -> None:
        if setting.state.coming is not None or set(there) - {space.id}:
            setting.change(space.id, dimension, clock())
        else:
            setting.serve(space.id, dimension, "tenant", clock())

    work = [Due(kind=CHANGE_WORK, key="all", due_at=clock())] if there else []
    changed = await change_setting(EmbeddingModel, decide, context, store=store, clock=clock, work=work)
    position = changed.position
    shown = await embedding_model_of(context.tenant, embedder=embedder, vectors=vectors, store=store)
    return msgspec.structs.replace(shown, position=position)


async def embedding_model_of(
    tenant: UUID, *, embedder: MeteredEmbedder, vectors: Vectors, store: Store
) -> EmbeddingModelShown:
    """As of now."""
    found = await load_setting(EmbeddingModel, tenant, store=store)
    return EmbeddingModelShown(
        serving=LOCAL if found is None else found.state.serving or LOCAL,
        dimension=256 if found is None else found.state.dimension,
        default=await embedder.embedders.default(tenant),
        coming=None if found is None else found.state.coming,
        delayed_by="" if found is None else found.state.delayed_by,
        chunks=await vectors.models(tenant),
        version=0 if found is None else found.version,
    )


async def serving_now(
    context: Context, *, embedder: MeteredEmbedder, vectors: Vectors, store: Store, clock: Clock
) -> str:
    """The vector space in which something is to be indexed, as of now. A tenant's first passages decide it: they are of the default.

    Raises ProviderError, Refused where that can't be asked.
    """
    found = await load_setting(EmbeddingModel, context.tenant, store=store)
    if found is not None and found.state.serving is not None:
        return found.state.serving
    default = await embedder.embedders.default(context.tenant)
    if default == LOCAL or await vectors.models(context.tenant):
        return LOCAL
    dimension = await dimension_of(default, context, embedder)
    await _serve(default, dimension, "default", context, store=store, clock=clock)
    return default


async def behind(model: str, context: Context, *, store: Store, clock: Clock) -> list[Due]:
    """What is due where passages came into the index in the space `model` after another one had begun to serve."""
    found = await load_setting(EmbeddingModel, context.tenant, store=store)
    if found is None or (found.state.serving or LOCAL) == model:
        return []
    return [Due(kind=CHANGE_WORK, key="all", due_at=clock())]


async def dimension_of(space: str, context: Context, embedder: MeteredEmbedder) -> int:
    """How long its vectors are, by one that is made for it. Raises ProviderError, Refused."""
    async with embedder.metering(context, "check", model=space) as meter:
        (vector,) = await meter.embed([SAMPLE], "document")
    if len(vector) > WIDEST:
        raise Refused(f"the vectors of {space} have {len(vector)} dimensions; at most {WIDEST} are taken")
    return len(vector)


def space_of(model: str, dimension: int | None, catalogue: Catalogue) -> VectorSpace:
    """Raises Invalid."""
    provider, name, _ = space_named(catalogue.canonical(model))
    known = catalogue.find(provider, name)
    makes = None if known is None else known.dimensions
    shortens = known is not None and SHORTENED in known.abilities
    if dimension is None and shortens and makes is not None and makes > NARROW:
        dimension = NARROW
    if dimension == makes:
        dimension = None
    if dimension is not None:
        if not 1 <= dimension <= min(makes or WIDEST, WIDEST):
            raise Invalid(f"dimension lies between 1 and {min(makes or WIDEST, WIDEST)}")
        if known is not None and not shortens:
            raise Invalid(
                f"{provider}/{name} makes vectors of {makes} dimensions, and no others; leave dimension out"
            )
    return VectorSpace(provider, name, dimension)


async def _serve(model: str, dimension: int, by: By, context: Context, *, store: Store, clock: Clock) -> int:
    changed = await change_setting(
        EmbeddingModel,
        lambda setting: setting.serve(model, dimension, by, clock()),
        context,
        store=store,
        clock=clock,
    )
    return changed.position
