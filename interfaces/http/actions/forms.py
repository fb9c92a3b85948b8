"""Actions and their calls as they go over HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

import msgspec
from litestar.params import PathParameter
from msgspec import UNSET, Meta, UnsetType

from application.actions.calling import CallRecord
from domain.actions.call import By, Status
from domain.actions.declaration import Action, Consent, Counts, Declaration, Effect
from domain.base.patterns import ACTION, PRINTABLE
from domain.base.signing import secret_text

Named = Annotated[str, PathParameter(pattern=ACTION, description="Small letters, digits and _, at most 48.")]


class ActionIn(Declaration, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """As `Declaration`. `authorization`: what goes along as that header, as `Bearer …`; null: none; left out: the one that is there stays."""

    authorization: Annotated[str, Meta(min_length=1, max_length=2000)] | UnsetType | None = UNSET

    def declaration(self) -> Declaration:
        return Declaration(**{name: getattr(self, name) for name in Declaration.__struct_fields__})

    def __repr__(self) -> str:
        return "ActionIn()"


class ActionOut(msgspec.Struct, frozen=True, kw_only=True):
    """`secret`: what calls are verified with, where it is new; shown this once. `authorized`: whether an authorization goes along."""

    name: str
    action: Declaration
    authorized: bool
    secret: str | None = None

    def __repr__(self) -> str:
        return f"ActionOut(name={self.name!r})"


class Operator(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: Annotated[str, Meta(min_length=1, max_length=100, pattern=PRINTABLE)]


class ByOperator(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    operator: Operator


class SettleIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`outcome`: what the operator has found out."""

    operator: Operator
    outcome: Literal["done", "not_done"]


class CallOut(msgspec.Struct, frozen=True, kw_only=True):
    """`arguments`, `result`: null once the customer was erased, and in lists. `withheld`: why the result went nowhere; `reason`: why it failed, was declined,
    or is unknown."""

    id: UUID
    conversation: UUID
    interaction: UUID
    action: str
    effect: Effect
    consent: Consent
    status: Status
    attempts: int
    requested_at: datetime
    until: datetime | None = None
    by: By | None = None
    counts_as: Counts | None = None
    reason: str | None = None
    withheld: str | None = None
    arguments: dict[str, Any] | None = None
    result: Any = None


def shown_action(action: Action, *, secret: bool = False) -> ActionOut:
    return ActionOut(
        name=action.name,
        action=action.declared,
        authorized=action.authorization is not None,
        secret=secret_text(action.secret) if secret else None,
    )


def shown_call(record: CallRecord) -> CallOut:
    state = record.call.state
    return CallOut(
        id=record.call.id,
        conversation=state.conversation,
        interaction=state.interaction,
        action=state.action,
        effect=state.effect,
        consent=state.consent,
        status=state.status,
        attempts=state.attempts,
        requested_at=state.requested_at,
        until=state.until,
        by=state.by,
        counts_as=state.counts_as,
        reason=state.reason,
        withheld=state.withheld,
        arguments=None if record.arguments is None else dict(record.arguments),
        result=record.result,
    )
