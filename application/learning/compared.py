"""Model comparison on a dataset: what the finished evaluations of one version of it have found."""

from __future__ import annotations

from uuid import UUID

import msgspec

from application.ports import Store
from domain.learning.compared import Evaluated, evaluated, latest
from domain.learning.dataset import Dataset
from domain.learning.evaluation import Evaluation


class Compared(msgspec.Struct, frozen=True, kw_only=True):
    """`version` None: no evaluation of the dataset has finished."""

    version: int | None
    found: list[Evaluated]


TOPICS = (Evaluation.Requested.TOPIC, Evaluation.Finished.TOPIC)
"""What an evaluation was about, and its figures. Its answers, of which there are thousands, are not read."""


async def compared_on(dataset: UUID, version: int | None, tenant: UUID, *, store: Store) -> Compared:
    """Each variant as the latest evaluation has it; `version` None: the latest of which one has finished. Raises NotFound."""
    requested: dict[UUID, Evaluation.Requested] = {}
    finished: dict[int, list[Evaluated]] = {}
    async for recorded in store.events(tenant, topics=TOPICS):
        event = recorded.event
        if isinstance(event, Evaluation.Requested) and event.dataset == dataset:
            requested[recorded.stream] = event
        elif isinstance(event, Evaluation.Finished) and recorded.stream in requested:
            about = requested[recorded.stream]
            arms = finished.setdefault(about.dataset_version, [])
            arms += evaluated(recorded.stream, about, event.report)
    if not requested:
        await store.load(Dataset, dataset, tenant=tenant)
    if version is None:
        version = max(finished, default=None)
    return Compared(version=version, found=latest(finished.get(version or 0, ())))
