"""What is evaluated with: the cases of all datasets, those of earlier versions too. Nothing of it is learned from."""

from __future__ import annotations

from uuid import UUID

from application.ports import Datasets, Store
from domain.learning.dataset import Dataset
from domain.learning.training.curation import Cases


async def evaluated(tenant: UUID, *, since: int, store: Store, datasets: Datasets) -> tuple[Cases, int]:
    """Cases that were added behind position `since`; and how many datasets there are. Of an erased customer's the origin is left, which tells
    enough. Raises Unavailable."""
    messages: dict[str, None] = {}
    origins: set[UUID] = set()
    known = await datasets.all(tenant)
    for each in known:
        if each.added <= since:
            continue
        async for recorded in store.stream(tenant, each.dataset):
            if recorded.position <= since or not isinstance(recorded.event, Dataset.CasesAdded):
                continue
            for case in recorded.event.cases:
                if case.origin is not None:
                    origins.add(case.origin)
                if case.exchange is not None:
                    messages[case.exchange.message] = None
    return Cases(messages=tuple(messages), origins=frozenset(origins)), len(known)
