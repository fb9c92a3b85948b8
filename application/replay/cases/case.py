"""A production case: the form of its file."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

import msgspec

from application.answers.variants import Served
from application.gateway.tenant_settings import Chosen, TenantSettings
from application.learning.recorded_form import AnswerRecord, RecordedAnswer
from domain.agents.agent import AgentConfiguration
from domain.answers.split import Assignment
from domain.answers.wordings import Wordings
from domain.base.errors import Invalid
from domain.budgets.budget import BudgetLimits
from domain.flags.flag import FlagsState
from domain.gateway.policy import RoutingPolicy
from domain.models.catalogue import Catalogue

FORM = 1
"""Version of the file's form."""


class CaseAgent(msgspec.Struct, frozen=True, kw_only=True):
    """The agent as it served then. Prices, budgets and keys are not of it."""

    configuration: AgentConfiguration
    configuration_version: int
    policy: RoutingPolicy | None
    policy_version: int
    flags: FlagsState
    wordings: Wordings
    chosen: Chosen | None = None
    variants: tuple[Assignment, ...] = ()

    def served(self, catalogue: Catalogue) -> Served:
        """With the models of a `catalogue`."""
        settings = TenantSettings(
            configuration=self.configuration,
            configuration_version=self.configuration_version,
            policy=self.policy,
            policy_version=self.policy_version,
            flags=self.flags,
            limits=BudgetLimits(),
            catalogue=catalogue,
            chosen=self.chosen,
        )
        return Served(settings=settings, wordings=self.wordings, variants=self.variants)


class CaseAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """`disclosure`: what was told before the answer of that a machine answers; may be empty. `suggested`: what was told behind it. `came`: when each
    document came that passages are of, by which it is told which of two that differ holds."""

    record: AnswerRecord
    agent: CaseAgent
    disclosure: str = ""
    came: dict[UUID, datetime] = {}

    @property
    def texts(self) -> tuple[str, ...]:
        """What went out, in order."""
        suggestions = self.record.suggestions
        return outgoing(self.disclosure, self.record.text, "" if suggestions is None else suggestions.told)


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """`mask`: version of the mask by which it is redacted; 0: it is not. `masked`: how many different pieces, by kind. `left_out`: why, and how many answers can't be made
    again."""

    form: int
    made_at: datetime
    conversation: UUID
    mask: int
    answers: tuple[CaseAnswer, ...]
    masked: dict[str, int] = {}
    left_out: dict[str, int] = {}


def outgoing(*texts: str) -> tuple[str, ...]:
    return tuple(text for text in texts if text)


def agent_of(served: Served) -> CaseAgent:
    settings = served.settings
    return CaseAgent(
        configuration=settings.configuration,
        configuration_version=settings.configuration_version,
        policy=settings.policy,
        policy_version=settings.policy_version,
        flags=settings.flags,
        wordings=served.wordings,
        chosen=settings.chosen,
        variants=served.variants,
    )


def record_of(recorded: RecordedAnswer) -> AnswerRecord:
    return AnswerRecord(**{name: getattr(recorded, name) for name in AnswerRecord.__struct_fields__})


def recorded_in(case: CaseAnswer, served: Served) -> RecordedAnswer:
    given = {name: getattr(case.record, name) for name in AnswerRecord.__struct_fields__}
    return RecordedAnswer(**given, served=served)


def written(case: Case) -> bytes:
    """The file: JSON, a line each field, so that differences of two can be read."""
    return msgspec.json.format(msgspec.json.encode(case), indent=1) + b"\n"


def read_case(data: bytes) -> Case:
    """Raises Invalid."""
    try:
        head = msgspec.json.decode(data, type=Mapping[str, msgspec.Raw])
        form = msgspec.json.decode(head.get("form", msgspec.Raw(b"0")))
        if form != FORM:
            raise Invalid(
                f"this file is no case of a form that this version reads (form {form!r}; it reads {FORM}): export the conversation again"
            )
        return msgspec.json.decode(data, type=Case)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise Invalid(
            f"this file is no case, or is damaged: {error}; `retrace conversation export` makes one"
        ) from None
