"""The approximate index of a large tenant: a look at it from time to time, and what follows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from application.base.setting import change_setting, load_setting
from application.ports import Clock, StandingIndex, Store, VectorIndexes
from domain.base.context import Context
from domain.retrieval.embedding_model import LOCAL, EmbeddingModel, EmbeddingModelState
from domain.retrieval.vector_index.index import VectorIndex
from domain.retrieval.vector_index.promotion import Because, IndexRules, Size, Status, Step, VectorIndexState
from domain.retrieval.vector_index.recall import Recall

SOON, LATER = timedelta(minutes=1), timedelta(minutes=10)
"""Until the next look: where something is about to change, and else."""


async def review_vector_index(
    context: Context, *, indexes: VectorIndexes, store: Store, clock: Clock, rules: IndexRules
) -> datetime | None:
    """Look, decide, save, and bring the database to what was decided; returns when to look again, None: when there is reason to.

    What was cut off half-way is found by the next look: an index that is not whole goes, and one that was decided to go.
    """
    tenant = context.tenant
    standing = await indexes.standing(tenant)
    if standing is not None and not standing.whole:
        await indexes.drop(tenant)
        standing = None
    size = await _size(tenant, indexes, store)
    step: Step = "stay"

    def decide(index: VectorIndex) -> None:
        nonlocal step
        recalls = () if standing is None else standing.recalls
        step = index.review(size, standing is not None, recalls, rules, clock())

    changed = await change_setting(VectorIndex, decide, context, store=store, clock=clock)
    state = changed.setting.state
    if state.status == "exact" and standing is not None:
        await indexes.drop(tenant)
    elif state.status == "promoted" and standing is not None and standing.ef != state.ef:
        await indexes.serve(tenant, state.ef)
    elif step == "renew":
        await indexes.measure_anew(tenant)
    if step == "build":
        if not await indexes.build(tenant, size.model, size.dimension, rules.most):
            return clock() + LATER

        def stands(index: VectorIndex) -> None:
            index.build(size, rules, clock())

        await change_setting(VectorIndex, stands, context, store=store, clock=clock)
        return clock() + SOON
    if state.status == "exact" and size.chunks < rules.least / 2:
        return None
    return clock() + (SOON if state.status == "trial" else LATER)


class VectorIndexShown(msgspec.Struct, frozen=True, kw_only=True):
    """`because`: why the last one went. `recalls`: measured of the one that is there, since it was built, promoted, or found good the last time."""

    status: Status
    size: Size
    since: datetime | None
    because: Because | None
    ef: int | None
    bytes: int
    recalls: Sequence[Recall]


async def vector_index_of(tenant: UUID, *, indexes: VectorIndexes, store: Store) -> VectorIndexShown:
    standing = await indexes.standing(tenant)
    known = await load_setting(VectorIndex, tenant, store=store)
    state = VectorIndexState() if known is None else known.state
    here: StandingIndex | None = None if state.status == "exact" else standing
    return VectorIndexShown(
        status=state.status,
        size=await _size(tenant, indexes, store),
        since=state.since,
        because=state.because,
        ef=state.ef or None,
        bytes=0 if here is None else here.bytes,
        recalls=() if here is None else here.recalls,
    )


async def _size(tenant: UUID, indexes: VectorIndexes, store: Store) -> Size:
    found = await load_setting(EmbeddingModel, tenant, store=store)
    model = EmbeddingModelState() if found is None else found.state
    serving = model.serving or LOCAL
    return Size(model=serving, dimension=model.dimension, chunks=await indexes.chunks(tenant, serving))
