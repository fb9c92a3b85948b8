"""Model comparison on a dataset: what the finished evaluations of one version of it have found."""

from __future__ import annotations

from uuid import UUID

import msgspec

from application.ports import Store
from domain.learning.compared import Evaluated, evaluated, latest
from domain.learning.dataset import Dataset
from domain.learning.evaluation import Evaluation, EvaluationState


class Compared(msgspec.Struct, frozen=True, kw_only=True):
    """`version` None: no evaluation of the dataset has finished."""

    version: int | None
    found: list[Evaluated]


async def compared_on(dataset: UUID, version: int | None, tenant: UUID, *, store: Store) -> Compared:
    """Each variant as the latest evaluation has it; `version` None: the latest of which one has finished. Raises NotFound."""
    requested: dict[int, list[UUID]] = {}
    async for recorded in store.events(tenant, topics=[Evaluation.Requested.TOPIC]):
        event = recorded.event
        if isinstance(event, Evaluation.Requested) and event.dataset == dataset:
            requested.setdefault(event.dataset_version, []).append(recorded.stream)
    if not requested:
        await store.load(Dataset, dataset, tenant=tenant)
    versions = sorted(requested, reverse=True) if version is None else [version]
    for each in versions:
        finished: list[tuple[UUID, EvaluationState]] = []
        for id in requested.get(each, ()):
            state = (await store.load(Evaluation, id, tenant=tenant)).state
            if state.status == "finished":
                finished.append((id, state))
        if finished:
            finished.sort(key=lambda row: row[1].ended_at or row[1].requested_at)
            arms = [arm for id, state in finished for arm in evaluated(id, state)]
            return Compared(version=each, found=latest(arms))
    return Compared(version=version, found=[])
