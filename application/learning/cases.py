"""The cases of one version of a dataset, as they are now: without those whose customers were erased."""

from __future__ import annotations

from uuid import UUID

import msgspec

from application.ports import Store
from domain.base.errors import NotFound
from domain.learning.case import Case
from domain.learning.dataset import Dataset


class Cases(msgspec.Struct, frozen=True, kw_only=True):
    """In the order in which they were added; each has its texts. `erased`: how many more there were, whose customers were erased since."""

    dataset: UUID
    version: int
    frozen: bool
    cases: tuple[Case, ...]
    erased: int


async def cases_of(dataset: UUID, version: int | None, tenant: UUID, *, store: Store) -> Cases:
    """`version` None: the latest. Raises NotFound, also for one that there is not; Erased where the dataset was deleted."""
    known = (await store.load(Dataset, dataset, tenant=tenant)).state
    if known.deleted or (version is not None and not 1 <= version <= known.version):
        raise NotFound(f"there is no version {version or 1} of the dataset {dataset} in this tenant")
    wanted = version or known.version
    found: dict[UUID, Case] = {}
    async for recorded in store.stream(tenant, dataset):
        event = recorded.event
        if isinstance(event, Dataset.CasesAdded | Dataset.CasesRemoved) and event.version > wanted:
            break
        if isinstance(event, Dataset.CasesAdded):
            found.update({case.id: case for case in event.cases})
        elif isinstance(event, Dataset.CasesRemoved):
            for case in event.cases:
                found.pop(case, None)
    left = tuple(case for case in found.values() if case.exchange is not None)
    frozen = wanted < known.version or known.frozen
    return Cases(dataset=dataset, version=wanted, frozen=frozen, cases=left, erased=len(found) - len(left))
