"""Fine-tuning at a vendor: files go there, a job is submitted once, looked for, polled, cancelled."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from typing import Literal, Protocol
from uuid import UUID

import msgspec

from application.ports.faults import Fault
from domain.learning.tuning_job import VendorState

Part = Literal["train", "validation"]


class TuningFile(msgspec.Struct, frozen=True, kw_only=True):
    """JSONL. `name` holds no word of anybody's."""

    part: Part
    name: str
    content: bytes

    def __repr__(self) -> str:
        return f"TuningFile(name={self.name!r}, {len(self.content)} bytes)"


class TuningRequest(msgspec.Struct, frozen=True, kw_only=True):
    """`attempt`: its name, which the vendor's list brings back. `files`: the vendor's names of them, by part."""

    attempt: str
    model: str
    files: Mapping[str, str]
    epochs: int | None
    place: Mapping[str, str]


class VendorJob(msgspec.Struct, frozen=True, kw_only=True):
    """As the vendor tells it. `word` is its own for the state, `attempt` the name that it was submitted with (None: it does not tell),
    `model` what it made, `tokens` what it says to have trained on, `cost` (USD) what it says to charge, `code` why it failed."""

    id: str
    state: VendorState
    word: str
    attempt: str | None = None
    model: str | None = None
    tokens: int | None = None
    cost: Decimal | None = None
    code: str | None = None


class TuningRefused(Fault):
    """The vendor says no. `code`: its own, or the status; `passing`: the same may be taken later, after `after` seconds if it says when.
    `gone`: there is no such job (any more)."""

    def __init__(
        self, code: str, *, passing: bool = False, after: float | None = None, gone: bool = False
    ) -> None:
        self.code, self.passing, self.after, self.gone = code, passing, after, gone
        super().__init__(f"the vendor refused it with {code}")


class TuningFateUnknown(Fault):
    """The vendor was asked for a job, and nobody knows whether it has taken it. `why` holds nothing of what was sent."""

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(f"nobody knows whether the vendor has taken it: {why}")


class FineTuner(Protocol):
    """One vendor, with one key. Everything but `submit` may be repeated."""

    async def upload(self, file: TuningFile, place: Mapping[str, str]) -> str:
        """The vendor's name of the file, the same one where it is there already. Raises TuningRefused."""

    async def submit(self, request: TuningRequest) -> VendorJob:
        """Once, whatever happens. Raises TuningRefused, TuningFateUnknown."""

    async def find(self, attempts: Collection[str], place: Mapping[str, str]) -> Sequence[VendorJob]:
        """The jobs on the vendor's whole list that were submitted with these names; some may be missing for a while. Raises TuningRefused."""

    async def job(self, id: str, place: Mapping[str, str]) -> VendorJob:
        """Raises TuningRefused."""

    async def cancel(self, id: str, place: Mapping[str, str]) -> None:
        """Also where it has ended already. Raises TuningRefused."""

    async def uploads(self, name: str, place: Mapping[str, str]) -> Sequence[str]:
        """The vendor's names of all files that lie there as `name`, as far as it tells. Raises TuningRefused."""

    async def discard(self, file: str, name: str, place: Mapping[str, str]) -> None:
        """Delete the file that was uploaded as `name`; one that is gone is no error. Raises TuningRefused."""


class FineTuners(Protocol):
    """The vendors that there are, by provider's name."""

    async def tuner(self, tenant: UUID, provider: str) -> FineTuner:
        """With the tenant's own key where it has one. Raises Refused where there is no key."""


class TrainingFiles(msgspec.Struct, frozen=True, kw_only=True):
    """A training set as a vendor's files. `tokens` of those to train on, by estimate, in one pass."""

    train: bytes
    validation: bytes | None
    examples: int
    validation_examples: int
    tokens: int


class TrainingSource(Protocol):
    """Training sets, as files of a provider's form, without what was erased since they were made."""

    async def files(self, tenant: UUID, training_set: UUID, provider: str) -> TrainingFiles:
        """Raises NotFound, and Refused where it is not ready, or the vendor would not take it."""

    async def examples(self, tenant: UUID, training_set: UUID) -> frozenset[UUID]:
        """The corrections that it has examples of, still. Raises NotFound, Refused."""
