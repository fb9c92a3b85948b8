"""A fine-tuning job: a vendor makes a model of a training set. One stream a job; nothing in it is personal.

An attempt to submit is on record before the vendor is called, and its name goes along: whoever finds one without an outcome asks the
vendor's list before anything is submitted again (`tuning_steps.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, ClassVar, Literal
from uuid import UUID

import msgspec

from domain.base.aggregate import EPOCH, NIL, Aggregate, CreatedEvent
from domain.base.errors import Refused

Status = Literal[
    "requested",
    "submitting",
    "submitted",
    "running",
    "unknown",
    "succeeded",
    "evaluating",
    "ready",
    "rejected",
    "failed",
    "cancelled",
]
VendorState = Literal["queued", "running", "succeeded", "failed", "cancelled", "unknown"]
"""What a vendor says of a job, in our words; `unknown` is any word that we do not know, and never a success."""

Outcome = Literal["succeeded", "failed", "cancelled", "unknown"]
Basis = Literal["vendor", "tokens", "estimate", "nothing"]
"""Whose figure a cost is: the vendor's sum; the vendor's tokens at our price; our estimate; or the job never ran."""

FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=10), timedelta(hours=1)
MOST_TRIES = 20
"""Refusals for the time being, after which a submission is given up."""


class TuningPlan(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be made. `model` is the provider's base model, `place` where it runs, for vendors that want to know; `epochs` None: the
    vendor chooses. `dataset`: what the result is evaluated on before it is ready; None: somebody names an evaluation later."""

    provider: str
    model: str
    training_set: UUID
    place: dict[str, str] = {}
    epochs: int | None = None
    dataset: UUID | None = None


class TuningJobState(msgspec.Struct):
    """`price`: USD per million trained tokens; `tokens` of one pass. `doubted_at`: since then it is known that nobody knows what
    became of the last attempt. `word`: the
    vendor's own for its state, since `told_at`. `again_at`: before that it is not submitted again. `sent`: training data went out, or may
    have; `uploads`: by part, the vendor's names of all that did, `files` of those that are trained on."""

    plan: TuningPlan = TuningPlan(provider="", model="", training_set=NIL)
    examples: int = 0
    tokens: int = 0
    price: Decimal = Decimal(0)
    estimate: Decimal = Decimal(0)
    reservation: UUID | None = None
    scheduled: str | None = None
    requested_at: datetime = EPOCH
    status: Status = "requested"
    sent: bool = False
    uploads: dict[str, tuple[str, ...]] = {}
    files: dict[str, str] = {}
    attempt: int = 0
    attempted_at: datetime = EPOCH
    doubted_at: datetime | None = None
    refusals: int = 0
    again_at: datetime | None = None
    vendor_job: str | None = None
    submitted_at: datetime | None = None
    word: str | None = None
    told_at: datetime | None = None
    cancel_asked: bool = False
    duplicates: tuple[str, ...] = ()
    ran: bool = False
    ended_at: datetime | None = None
    tuned: str | None = None
    code: str | None = None
    cost: Decimal | None = None
    basis: Basis | None = None
    registered: str | None = None
    evaluation: UUID | None = None
    discarded: bool = False


class TuningJob(Aggregate[TuningJobState]):
    TOPIC = "tuning_job"
    State = TuningJobState

    class Event(Aggregate.Event, frozen=True, kw_only=True):
        pass

    class Requested(Event, CreatedEvent, frozen=True, kw_only=True):
        """`examples` and `tokens` are those trained on in one pass, `estimate` (USD) what is held for it by `reservation`. `targets` names
        the table that told the price. `scheduled`: the month whose schedule asked for it."""

        TOPIC: ClassVar[str] = "tuning_job.requested"
        PERSONAL: ClassVar[bool] = False
        plan: TuningPlan
        examples: int
        validation: int
        tokens: int
        price: Decimal
        estimate: Decimal
        targets: str
        reservation: UUID | None = None
        scheduled: str | None = None

        def apply(self, aggregate: TuningJob) -> None:
            state = aggregate.state
            state.plan, state.examples, state.tokens = self.plan, self.examples, self.tokens
            state.price, state.estimate, state.reservation = self.price, self.estimate, self.reservation
            state.scheduled, state.requested_at = self.scheduled, self.timestamp

    class UploadBegun(Event, frozen=True, kw_only=True):
        """Training data is about to go to the vendor: from now on some may lie there, whatever becomes of us."""

        TOPIC: ClassVar[str] = "tuning_job.upload_begun"
        PERSONAL: ClassVar[bool] = False

        def apply(self, aggregate: TuningJob) -> None:
            aggregate.state.sent, aggregate.state.discarded = True, False

    class FileUploaded(Event, frozen=True, kw_only=True):
        """The vendor has one, as `file`. `part`: "train" or "validation"."""

        TOPIC: ClassVar[str] = "tuning_job.file_uploaded"
        PERSONAL: ClassVar[bool] = False
        part: str
        file: str

        def apply(self, aggregate: TuningJob) -> None:
            aggregate._at_vendor(self.part, self.file)

    class FilesUploaded(Event, frozen=True, kw_only=True):
        """All are there. `files`: the vendor's names of them, by "train" and "validation"."""

        TOPIC: ClassVar[str] = "tuning_job.files_uploaded"
        PERSONAL: ClassVar[bool] = False
        files: dict[str, str]

        def apply(self, aggregate: TuningJob) -> None:
            aggregate.state.files = dict(self.files)
            for part, file in self.files.items():
                aggregate._at_vendor(part, file)

    class Attempted(Event, frozen=True, kw_only=True):
        """The vendor is about to be asked for the job, for the `attempt`th time."""

        TOPIC: ClassVar[str] = "tuning_job.attempted"
        PERSONAL: ClassVar[bool] = False
        attempt: int

        def apply(self, aggregate: TuningJob) -> None:
            state = aggregate.state
            state.status, state.attempt, state.attempted_at = "submitting", self.attempt, self.timestamp
            state.doubted_at, state.again_at = None, None

    class FateUnknown(Event, frozen=True, kw_only=True):
        """Nobody knows whether the vendor has it."""

        TOPIC: ClassVar[str] = "tuning_job.fate_unknown"
        PERSONAL: ClassVar[bool] = False
        attempt: int
        why: str

        def apply(self, aggregate: TuningJob) -> None:
            aggregate.state.doubted_at = self.timestamp

    class NotTaken(Event, frozen=True, kw_only=True):
        """The vendor says no. `again_at`: when it is asked again, since the refusal passes; None: it does not."""

        TOPIC: ClassVar[str] = "tuning_job.not_taken"
        PERSONAL: ClassVar[bool] = False
        attempt: int
        code: str
        again_at: datetime | None

        def apply(self, aggregate: TuningJob) -> None:
            state = aggregate.state
            state.status, state.code = "requested", self.code
            state.again_at, state.refusals = self.again_at, state.refusals + 1

    class Submitted(Event, frozen=True, kw_only=True):
        """The vendor has it, as `vendor_job`. `by`: its answer, or its list."""

        TOPIC: ClassVar[str] = "tuning_job.submitted"
        PERSONAL: ClassVar[bool] = False
        attempt: int
        vendor_job: str
        by: Literal["answer", "list"]

        def apply(self, aggregate: TuningJob) -> None:
            state = aggregate.state
            state.status, state.vendor_job, state.submitted_at = (
                "submitted",
                self.vendor_job,
                self.timestamp,
            )
            state.doubted_at, state.code = None, None

    class Duplicated(Event, frozen=True, kw_only=True):
        """The vendor's list has another job of ours for this one: it is cancelled there."""

        TOPIC: ClassVar[str] = "tuning_job.duplicated"
        PERSONAL: ClassVar[bool] = False
        vendor_job: str

        def apply(self, aggregate: TuningJob) -> None:
            aggregate.state.duplicates = (*aggregate.state.duplicates, self.vendor_job)

    class Told(Event, frozen=True, kw_only=True):
        """The vendor tells another state; `word` is its own."""

        TOPIC: ClassVar[str] = "tuning_job.told"
        PERSONAL: ClassVar[bool] = False
        state: VendorState
        word: str

        def apply(self, aggregate: TuningJob) -> None:
            state = aggregate.state
            state.word, state.told_at = self.word, self.timestamp
            state.ran = state.ran or self.state in ("running", "unknown")
            known: dict[str, Status] = {"queued": "submitted", "running": "running", "unknown": "unknown"}
            state.status = known.get(self.state, state.status)

    class CancellationRequested(Event, frozen=True, kw_only=True):
        TOPIC: ClassVar[str] = "tuning_job.cancellation_requested"
        PERSONAL: ClassVar[bool] = False

        def apply(self, aggregate: TuningJob) -> None:
            aggregate.state.cancel_asked = True

    class Ended(Event, frozen=True, kw_only=True):
        """`tuned`: the vendor's name of the model that it made; `tokens` that it says to have trained on, passes and all."""

        TOPIC: ClassVar[str] = "tuning_job.ended"
        PERSONAL: ClassVar[bool] = False
        outcome: Outcome
        tuned: str | None = None
        tokens: int | None = None
        code: str | None = None

        def apply(self, aggregate: TuningJob) -> None:
            state = aggregate.state
            state.status, state.ended_at = self.outcome, self.timestamp
            state.tuned, state.code, state.again_at = self.tuned, self.code, None

    class Charged(Event, frozen=True, kw_only=True):
        """What the job has cost, in USD; it settles `reservations`."""

        TOPIC: ClassVar[str] = "tuning_job.charged"
        PERSONAL: ClassVar[bool] = False
        cost: Decimal
        basis: Basis
        reservations: tuple[UUID, ...] = ()

        def charge(self) -> Decimal:
            return self.cost

        def apply(self, aggregate: TuningJob) -> None:
            aggregate.state.cost, aggregate.state.basis = self.cost, self.basis

    class Registered(Event, frozen=True, kw_only=True):
        """The model that it made is in the tenant's catalogue, as `model`."""

        TOPIC: ClassVar[str] = "tuning_job.registered"
        PERSONAL: ClassVar[bool] = False
        model: str

        def apply(self, aggregate: TuningJob) -> None:
            aggregate.state.registered = self.model

    class EvaluationBegun(Event, frozen=True, kw_only=True):
        TOPIC: ClassVar[str] = "tuning_job.evaluation_begun"
        PERSONAL: ClassVar[bool] = False
        evaluation: UUID

        def apply(self, aggregate: TuningJob) -> None:
            aggregate.state.status, aggregate.state.evaluation = "evaluating", self.evaluation

    class Evaluated(Event, frozen=True, kw_only=True):
        """By the evaluation it is ready, or it is rejected; `passed` None: the evaluation itself has failed, and another one may follow."""

        TOPIC: ClassVar[str] = "tuning_job.evaluated"
        PERSONAL: ClassVar[bool] = False
        evaluation: UUID
        passed: bool | None

        def apply(self, aggregate: TuningJob) -> None:
            found: dict[bool | None, Status] = {True: "ready", False: "rejected", None: "succeeded"}
            aggregate.state.status = found[self.passed]

    class FilesDiscarded(Event, frozen=True, kw_only=True):
        """The training data lies at the vendor no more."""

        TOPIC: ClassVar[str] = "tuning_job.files_discarded"
        PERSONAL: ClassVar[bool] = False

        def apply(self, aggregate: TuningJob) -> None:
            aggregate.state.discarded = True

    @property
    def subject(self) -> UUID:
        return NIL

    @classmethod
    def request(cls, id: UUID, plan: TuningPlan, *, at: datetime, **facts: Any) -> TuningJob:
        return cls.create(cls.Requested, id=id, at=at, plan=plan, **facts)

    @property
    def open(self) -> bool:
        """The vendor has it, or may get it."""
        return self.state.ended_at is None

    def begin_upload(self, at: datetime) -> None:
        """Before training data goes out. Raises Refused when it has ended."""
        self._open()
        if not self.state.sent:
            self.trigger(self.UploadBegun, at=at)

    def keep_upload(self, part: str, file: str, at: datetime) -> None:
        """Also where it has ended meanwhile: what lies at the vendor is to be deleted there."""
        if file not in self.state.uploads.get(part, ()) or self.state.discarded:
            self.trigger(self.FileUploaded, at=at, part=part, file=file)

    def uploaded(self, files: Mapping[str, str], at: datetime) -> None:
        """Nothing where it has ended meanwhile."""
        if self.open and self.state.files != files:
            self.trigger(self.FilesUploaded, at=at, files=dict(files))

    def attempt(self, at: datetime) -> str:
        """Before the vendor is called; the attempt's name, which goes along. Raises Refused where it is not to be submitted."""
        self._open()
        state = self.state
        if state.vendor_job is not None or (state.status == "submitting" and state.doubted_at is None):
            raise Refused("this job is submitted, or somebody is at it")
        self.trigger(self.Attempted, at=at, attempt=state.attempt + 1)
        return name_of(self.id, self.state.attempt)

    def submitted(
        self, attempt: int, vendor_job: str, *, by: Literal["answer", "list"], at: datetime
    ) -> None:
        """The vendor has it. Another one than that which is known is superfluous."""
        if self.state.vendor_job is None and self.open:
            self.trigger(self.Submitted, at=at, attempt=attempt, vendor_job=vendor_job, by=by)
        elif self.state.vendor_job != vendor_job:
            self.duplicate(vendor_job, at)

    def duplicate(self, vendor_job: str, at: datetime) -> None:
        """Again it is nothing new."""
        if vendor_job not in (self.state.vendor_job, *self.state.duplicates):
            self.trigger(self.Duplicated, at=at, vendor_job=vendor_job)

    def refused(
        self, attempt: int, *, code: str, passing: bool, after: timedelta | None, at: datetime
    ) -> None:
        """The vendor has not taken it. One that passes is tried again, `after` that or later; else the job has failed, and costs nothing."""
        state = self.state
        if (state.status, state.attempt) != ("submitting", attempt):
            return
        again_at = None
        if passing and state.refusals < MOST_TRIES:
            again_at = at + max(after or timedelta(), pause(state.refusals))
        self.trigger(self.NotTaken, at=at, attempt=attempt, code=code, again_at=again_at)
        if again_at is None:
            self.end("failed", code=code, at=at)

    def doubt(self, attempt: int, why: str, at: datetime) -> None:
        state = self.state
        if (state.status, state.attempt, state.doubted_at) == ("submitting", attempt, None):
            self.trigger(self.FateUnknown, at=at, attempt=attempt, why=why)

    def told(self, state: VendorState, word: str, at: datetime) -> None:
        """Of a job that has not ended. The same again is nothing new."""
        if self.open and state in ("queued", "running", "unknown") and word != self.state.word:
            self.trigger(self.Told, at=at, state=state, word=word)

    def ask_cancel(self, at: datetime) -> None:
        """Raises Refused when it has ended."""
        self._open()
        if not self.state.cancel_asked:
            self.trigger(self.CancellationRequested, at=at)

    def end(
        self,
        outcome: Outcome,
        *,
        at: datetime,
        tuned: str | None = None,
        tokens: int | None = None,
        cost: Decimal | None = None,
        code: str | None = None,
    ) -> None:
        """The end, and what it has cost: by the vendor's `cost` (USD), by its `tokens` at our price, or by our estimate. A success without a
        model is none."""
        self._open()
        if outcome == "succeeded" and not tuned:
            outcome, code = "failed", code or "no_model"
        self.trigger(self.Ended, at=at, outcome=outcome, tuned=tuned, tokens=tokens, code=code)
        charged, basis = self._charge(outcome, tokens, cost)
        held = () if self.state.reservation is None else (self.state.reservation,)
        self.trigger(self.Charged, at=at, cost=charged, basis=basis, reservations=held)

    def _charge(self, outcome: Outcome, tokens: int | None, cost: Decimal | None) -> tuple[Decimal, Basis]:
        state = self.state
        if cost is not None:
            return cost, "vendor"
        if tokens is not None:
            return state.price * tokens / 1_000_000, "tokens"
        if state.vendor_job is None and state.doubted_at is None:
            return Decimal(0), "nothing"
        if outcome in ("failed", "cancelled") and not state.ran:
            return Decimal(0), "nothing"
        return state.estimate, "estimate"

    def register(self, model: str, at: datetime) -> None:
        if self.state.registered is None:
            self.trigger(self.Registered, at=at, model=model)

    def begin_evaluation(self, evaluation: UUID, at: datetime) -> None:
        """Raises Refused where there is no model to evaluate, or it is ready."""
        state = self.state
        if state.registered is None or state.status not in ("succeeded", "rejected", "evaluating"):
            raise Refused(f"this job is {state.status}; an evaluation follows a job that has succeeded")
        if state.evaluation != evaluation or state.status != "evaluating":
            self.trigger(self.EvaluationBegun, at=at, evaluation=evaluation)

    def evaluated(self, evaluation: UUID, passed: bool | None, at: datetime) -> None:
        if (self.state.status, self.state.evaluation) == ("evaluating", evaluation):
            self.trigger(self.Evaluated, at=at, evaluation=evaluation, passed=passed)

    def discard(self, at: datetime) -> None:
        if self.state.sent and not self.state.discarded:
            self.trigger(self.FilesDiscarded, at=at)

    def _at_vendor(self, part: str, file: str) -> None:
        state = self.state
        known = state.uploads.get(part, ())
        if file not in known:
            state.uploads = {**state.uploads, part: (*known, file)}
        state.sent, state.discarded = True, False

    def _open(self) -> None:
        if not self.open:
            raise Refused(f"this job has ended: it is {self.state.status}")


def pause(refusals: int) -> timedelta:
    """Before another try after so many refusals: twice as long each time."""
    times: int = 2 ** min(refusals, 20)
    return min(FIRST_PAUSE * times, LONGEST_PAUSE)


def name_of(job: UUID, attempt: int) -> str:
    """An attempt, as the vendor gets it: 36 lower-case letters and digits, which all of them take as a suffix and as a label."""
    return f"rt{job.hex}{attempt:02d}"


def names_of(job: UUID, attempts: int) -> dict[str, int]:
    """Of all attempts so far, by name."""
    return {name_of(job, attempt): attempt for attempt in range(1, attempts + 1)}
