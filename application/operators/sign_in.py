"""Signing in to the console: by e-mail address and password, and a one-time code where the operator has enrolled.

The tenant is named beside them: an address may be an operator's at several tenants, and each of those is an account of its own.
Whatever is wrong the answer is the same, in its words and in its time.
"""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import msgspec

from application.base.amend import amend
from application.operators.finding import find_operator
from application.operators.known_browser import is_known
from application.operators.tokens import SessionToken, drawn_session, hash_of
from application.ports import Clock, Keyring, Passwords, Rate, RateLimiter, Store
from application.tenancy.newcomers import Newcomers
from domain.base.context import Context
from domain.base.errors import Forbidden, NotFound, RateLimited, Unauthenticated
from domain.operators.credentials import LONGEST
from domain.operators.operator import Operator
from domain.operators.sessions import WRONG
from domain.tenancy.tenant import Tenant


class SignIn(msgspec.Struct, frozen=True, kw_only=True):
    """`code`: one-time or recovery code; `known`: what the browser was given when this operator signed in with it before."""

    tenant: UUID
    email: str
    password: str
    code: str = ""
    known: str = ""

    def __repr__(self) -> str:
        return f"SignIn(tenant={self.tenant})"


class SignInRates(msgspec.Struct, frozen=True, kw_only=True):
    """Attempts a minute; 0: no limit. `lasting`: of the session that one makes."""

    per_account: int
    lasting: timedelta


async def sign_in(
    command: SignIn,
    correlation: UUID,
    rates: SignInRates,
    *,
    store: Store,
    keyring: Keyring,
    clock: Clock,
    newcomers: Newcomers,
    passwords: Passwords,
    rate_limiter: RateLimiter,
) -> SessionToken:
    """Begin a session: always a new one, with a secret of its own. Raises Unauthenticated, RateLimited, Unavailable."""
    id, found = await _account(command, store=store, keyring=keyring, newcomers=newcomers)
    if id is not None:
        known = command.known and await is_known(command.known, command.tenant, id, keyring=keyring)
        _take(
            f"{command.tenant.hex}:{id.hex}:{command.known if known else ''}", rates.per_account, rate_limiter
        )
    proved = found.state.password if found is not None else b""
    fits = await passwords.fits(proved, command.password[: LONGEST + 1])
    if found is None or not fits:
        raise Unauthenticated(WRONG)
    token = drawn_session(command.tenant, found.id)
    now = clock()

    def decide(operator: Operator) -> None:
        operator.sign_in(
            token.session,
            hash_of(token.secret),
            proved=proved,
            code=command.code,
            ends_at=now + rates.lasting,
            at=now,
        )

    context = Context(tenant=command.tenant, actor=f"operator:{found.id}", correlation=correlation)
    await amend(Operator, found.id, decide, context=context, store=store)
    return token


async def _account(
    command: SignIn, *, store: Store, keyring: Keyring, newcomers: Newcomers
) -> tuple[UUID | None, Operator | None]:
    """The id that the account has, or would have; None for a tenant that there is not."""
    try:
        async with newcomers.turn(command.tenant):
            tenant = await store.latest(Tenant, command.tenant, tenant=command.tenant)
            tenant.check_active()
            return await find_operator(command.tenant, command.email, store=store, keyring=keyring)
    except (NotFound, Forbidden):
        return None, None


def _take(name: str, rate: int, rate_limiter: RateLimiter) -> None:
    """One attempt of an account's. Strangers share what an account has; a browser that its operator has used has a share of its own, so that
    they can keep nobody out."""
    if not rate:
        return
    over = rate_limiter.take([Rate(f"sign-in:{name}", rate / 60, rate)])
    if over is not None:
        raise RateLimited(
            "too many attempts to sign in to this account; try again in a minute",
            limit="sign_ins_per_account",
            retry_after=over.wait,
        )
