"""What operators change of their own: password, one-time codes, other sessions. Whoever changes how they prove who they are proves it first.

Each change ends all sessions with its event, and begins a new one for who made it, in the same save.
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import NamedTuple

import msgspec

from application.base.amend import amend
from application.operators.authentication import LiveSession
from application.operators.tokens import SessionToken, drawn_session, hash_of
from application.ports import Clock, Passwords, Store
from domain.base.context import Context
from domain.base.errors import Invalid, Refused
from domain.operators.credentials import LONGEST, check_password, recovery_hash
from domain.operators.operator import Operator
from domain.operators.totp import SECRET

WRONG_PASSWORD = "this is not your password"
RECOVERY_CODES = 10
RECOVERY_BYTES = 10


class ChangePassword(msgspec.Struct, frozen=True, kw_only=True):
    current: str
    new: str

    def __repr__(self) -> str:
        return "ChangePassword()"


class EnrollTotp(msgspec.Struct, frozen=True, kw_only=True):
    """`code`: the one that the app shows for this secret."""

    current: str
    secret: bytes
    code: str

    def __repr__(self) -> str:
        return "EnrollTotp()"


class Enrolled(NamedTuple):
    """The recovery codes are shown this once."""

    token: SessionToken
    recovery: Sequence[str]


class Ports(NamedTuple):
    """`lasting`: of the session that goes on."""

    store: Store
    clock: Clock
    passwords: Passwords
    lasting: timedelta


async def change_password(
    command: ChangePassword, session: LiveSession, context: Context, ports: Ports
) -> SessionToken:
    """Raises Refused for a wrong current one, Invalid for one that is easily guessed."""
    proved = await _proved(command.current, session, ports)
    check_password(command.new, session.email, session.name)
    password = await ports.passwords.hash(command.new)
    return await _renewed(
        lambda operator: operator.change_password(password, ports.clock()), proved, session, context, ports
    )


def drawn_secret() -> bytes:
    """For one-time codes."""
    return secrets.token_bytes(SECRET)


async def enroll_totp(command: EnrollTotp, session: LiveSession, context: Context, ports: Ports) -> Enrolled:
    """Ask for a code at each sign-in from now on. Raises Refused, Invalid."""
    if len(command.secret) != SECRET:
        raise Invalid("this is no secret that the page has given; open it again")
    proved = await _proved(command.current, session, ports)
    codes = [_recovery_code() for _ in range(RECOVERY_CODES)]
    hashes = [recovery_hash(code) for code in codes]
    token = await _renewed(
        lambda operator: operator.enroll_totp(command.secret, hashes, command.code, ports.clock()),
        proved,
        session,
        context,
        ports,
    )
    return Enrolled(token, codes)


async def disable_totp(current: str, session: LiveSession, context: Context, ports: Ports) -> SessionToken:
    """Raises Refused."""
    proved = await _proved(current, session, ports)
    return await _renewed(
        lambda operator: operator.disable_totp(ports.clock()), proved, session, context, ports
    )


async def _proved(current: str, session: LiveSession, ports: Ports) -> bytes:
    """The hash that the current password fits. Raises Refused."""
    operator = await ports.store.load(Operator, session.operator, tenant=session.principal.tenant)
    known = operator.state.password
    if not await ports.passwords.fits(known, current[: LONGEST + 1]):
        raise Refused(WRONG_PASSWORD)
    return known


async def _renewed(
    decide: Callable[[Operator], object],
    proved: bytes,
    session: LiveSession,
    context: Context,
    ports: Ports,
) -> SessionToken:
    """A change, and a new session in the place of this one. Raises Refused where the password is another one by now."""
    token = drawn_session(session.principal.tenant, session.operator)

    def change(operator: Operator) -> None:
        now = ports.clock()
        operator.live_session(session.id, hash_of(session.secret), now)
        if operator.state.password != proved:
            raise Refused(WRONG_PASSWORD)
        decide(operator)
        operator.renew_session(token.session, hash_of(token.secret), now + ports.lasting, now)

    await amend(Operator, session.operator, change, context=context, store=ports.store)
    return token


def _recovery_code() -> str:
    """80 random bits, in four groups of base32."""
    text = base64.b32encode(secrets.token_bytes(RECOVERY_BYTES)).decode()
    return "-".join(text[start : start + 4] for start in range(0, len(text), 4))
