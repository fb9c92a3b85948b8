"""Who works at a tenant's console: invited, given a new link, other roles; suspended, restored, removed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

import msgspec

from application.base.amend import amend
from application.base.erase import ERASE_WORK
from application.operators.finding import find_operator
from application.operators.tokens import drawn_link, hash_of
from application.ports import Clock, Due, Keyring, Store
from domain.base.context import Context
from domain.base.errors import Conflict
from domain.operators.membership import there_is_one
from domain.operators.operator import Operator
from domain.operators.roles import Role


class InviteOperator(msgspec.Struct, frozen=True, kw_only=True):
    """`lifetime` of the one-time link."""

    email: str
    name: str
    roles: tuple[Role, ...]
    lifetime: timedelta


class IssueLink(msgspec.Struct, frozen=True, kw_only=True):
    operator: UUID
    lifetime: timedelta


class Linked(msgspec.Struct, frozen=True, kw_only=True):
    """`token` is the link's secret text, shown this once; whoever has it sets the operator's password."""

    operator: Operator
    token: str
    expires_at: datetime
    position: int


async def invite_operator(
    command: InviteOperator, context: Context, *, store: Store, keyring: Keyring, clock: Clock
) -> Linked:
    """Raises Invalid; Conflict where there is one with this address."""
    id, known = await find_operator(context.tenant, command.email, store=store, keyring=keyring)
    if known is not None:
        raise there_is_one(known.state.status)
    now, token = clock(), drawn_link(context.tenant, id)
    expires_at = now + command.lifetime
    operator = Operator.invite(
        id,
        email=command.email,
        name=command.name,
        roles=command.roles,
        secret_hash=hash_of(token.secret),
        expires_at=expires_at,
        at=now,
    )
    try:
        saved = await store.save(operator, context=context)
    except Conflict:  # somebody else has just invited them
        raise there_is_one("invited") from None
    return Linked(operator=operator, token=token.text, expires_at=expires_at, position=saved.position)


async def issue_link(command: IssueLink, context: Context, *, store: Store, clock: Clock) -> Linked:
    """A new one-time link, in the place of the one before. Raises NotFound, Refused."""
    token = drawn_link(context.tenant, command.operator)
    expires_at = clock() + command.lifetime
    operator, position = await change_operator(
        command.operator,
        lambda operator: operator.issue_link(hash_of(token.secret), expires_at, clock()),
        context,
        store=store,
    )
    return Linked(operator=operator, token=token.text, expires_at=expires_at, position=position)


async def change_operator(
    id: UUID, decide: Callable[[Operator], object], context: Context, *, store: Store
) -> tuple[Operator, int]:
    """Load, decide, save. With the position, 0 where nothing was to be changed. Raises NotFound."""
    operator, saved = await amend(Operator, id, decide, context=context, store=store)
    return operator, saved.position


async def remove_operator(id: UUID, context: Context, *, store: Store, clock: Clock) -> int:
    """Take them out for good: their sessions end at once, who they were is erased. Returns the position. Raises NotFound."""
    _, saved = await amend(
        Operator,
        id,
        lambda operator: operator.remove(clock()),
        context=context,
        store=store,
        work=[Due(kind=ERASE_WORK, key=id.hex, due_at=clock())],
    )
    return saved.position
