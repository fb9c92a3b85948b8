"""Training sets as the files of a vendor. Implements `application.ports.TrainingSource`."""

from __future__ import annotations

from uuid import UUID

from application.learning.ports import Ports
from application.learning.training.export import export_training_set, look_at_export
from application.learning.training.training_set import examples_of
from application.ports import TrainingFiles
from domain.base.errors import NotFound
from domain.learning.training.formats import FORMATS


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
        train = await export_training_set(training_set, form, "train", tenant, ports)
        validation = await look_at_export(training_set, form, "validation", tenant, ports)
        if validation.lines:
            validation = await export_training_set(training_set, form, "validation", tenant, ports)
        return TrainingFiles(
            train=b"".join(train.lines),
            validation=b"".join(validation.lines) or None,
            examples=len(train.lines),
            validation_examples=len(validation.lines),
            tokens=sum(ports.providers.counter.count(line.decode(), None) for line in train.lines),
        )

    async def examples(self, tenant: UUID, training_set: UUID) -> frozenset[UUID]:
        found = await examples_of(training_set, tenant, self._ports)
        return frozenset(each.id for each in found.examples)
