"""Training sets as the files of a vendor. Implements `application.ports.TrainingSource`."""

from __future__ import annotations

import asyncio
from uuid import UUID

from application.learning.ports import Ports
from application.learning.training.export import Export, checked, written_file
from application.learning.training.training_set import examples_of
from application.ports import TrainingFiles
from domain.base.errors import NotFound
from domain.learning.training.formats import FORMATS
from domain.learning.training_set import TrainingSet


class TrainingSets:
    """As they are by then: what was erased since they were made is not in them."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports

    async def files(self, tenant: UUID, training_set: UUID, provider: str) -> TrainingFiles:
        if provider not in FORMATS:
            raise NotFound(
                f"there are no training files for {provider}; there are some for {', '.join(FORMATS)}"
            )
        form, ports = provider, self._ports
        found = await examples_of(training_set, tenant, ports)
        train = checked(await written_file(found, form, "train", ports))
        validation = await written_file(found, form, "validation", ports)
        if validation.lines:
            checked(validation)
        tokens = await asyncio.to_thread(_tokens, train, ports)
        return TrainingFiles(
            train=b"".join(train.lines),
            validation=b"".join(validation.lines) or None,
            examples=len(train.lines),
            validation_examples=len(validation.lines),
            tokens=tokens,
        )

    async def examples(self, tenant: UUID, training_set: UUID) -> frozenset[UUID]:
        made = await self._ports.store.load(TrainingSet, training_set, tenant=tenant)
        if made.state.status == "failed":
            return frozenset()  # it has none, and never will
        found = await examples_of(training_set, tenant, self._ports)
        return frozenset(each.id for each in found.examples)


def _tokens(export: Export, ports: Ports) -> int:
    """Estimated, of all lines."""
    return sum(ports.providers.counter.count(line.decode(), None) for line in export.lines)
