"""How an operator proves who they are: a password, and, where they have enrolled, a one-time code or a recovery code."""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from typing import ClassVar

from domain.base.errors import Invalid, Refused
from domain.operators.state import OperatorPart
from domain.operators.totp import SECRET, matching_step

SHORTEST, LONGEST = 12, 200
"""Characters of a password."""

WRONG_CODE = (
    "this is not the code that the app shows now; look whether the clock is right, and send the next one"
)


class Credentials(OperatorPart):
    """Whatever is changed here ends all sessions: who did it begins a new one."""

    class Event(OperatorPart.Event, frozen=True, kw_only=True):
        pass

    class PasswordChanged(Event, frozen=True, kw_only=True):
        TOPIC: ClassVar[str] = "operator.password_changed"
        password: bytes

        def apply(self, aggregate: Credentials) -> None:
            state = aggregate.state
            state.password, state.link = self.password, None
            state.sessions.clear()

    class TotpEnrolled(Event, frozen=True, kw_only=True):
        """From here on a code is asked for beside the password. `recovery`: SHA-256 of codes that do once instead; `step`: of the code that
        proved that the app has the secret."""

        TOPIC: ClassVar[str] = "operator.totp_enrolled"
        secret: bytes
        recovery: tuple[bytes, ...]
        step: int

        def apply(self, aggregate: Credentials) -> None:
            state = aggregate.state
            state.totp, state.recovery, state.totp_step = self.secret, self.recovery, self.step
            state.sessions.clear()

        def __repr__(self) -> str:
            return f"TotpEnrolled(step={self.step})"

    class TotpDisabled(Event, frozen=True, kw_only=True):
        """No code is asked for any more: by themselves, or by an administrator where the app is lost."""

        TOPIC: ClassVar[str] = "operator.totp_disabled"
        PERSONAL: ClassVar[bool] = False

        def apply(self, aggregate: Credentials) -> None:
            state = aggregate.state
            state.totp, state.recovery = b"", ()
            state.sessions.clear()

    def change_password(self, password: bytes, at: datetime) -> None:
        """`password`: its hash."""
        self._exists()
        self.trigger(self.PasswordChanged, at=at, password=password)

    def enroll_totp(self, secret: bytes, recovery: Sequence[bytes], code: str, at: datetime) -> None:
        """Raises Refused where there is one already, or the code is not its secret's."""
        self._exists()
        if self.state.totp:
            raise Refused("one-time codes are on; switch them off first")
        step = matching_step(secret, code, at) if len(secret) == SECRET else None
        if step is None:
            raise Refused(WRONG_CODE)
        self.trigger(self.TotpEnrolled, at=at, secret=secret, recovery=tuple(recovery), step=step)

    def disable_totp(self, at: datetime) -> None:
        """Nothing where there is none."""
        self._exists()
        if self.state.totp:
            self.trigger(self.TotpDisabled, at=at)

    def second_factor(self, code: str, at: datetime) -> tuple[int, bytes] | None:
        """The time step of a code, or 0 and the hash of a recovery code; None: it is neither. Without enrolment (0, b"")."""
        state = self.state
        if not state.totp:
            return 0, b""
        plain = "".join(code.split()).replace("-", "")
        step = matching_step(state.totp, plain, at, after=state.totp_step)
        given, used = recovery_hash(plain), b""
        for known in state.recovery:
            if hmac.compare_digest(known, given):
                used = known
        return (step, b"") if step is not None else (0, used) if used else None


def recovery_hash(code: str) -> bytes:
    """Of a recovery code as somebody typed it: 80 random bits, so that a plain hash tells nobody."""
    return sha256("".join(code.split()).replace("-", "").upper().encode()).digest()


def check_password(password: str, email: str, name: str) -> None:
    """Long enough, and not what anybody would try first (NIST SP 800-63B-4, section 3.1.1.2). Raises Invalid, whose text does not hold it."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise Invalid(f"a password has {SHORTEST} to {LONGEST} characters; a few words will do")
    plain = password.casefold()
    known = {email.casefold(), email.partition("@")[0].casefold(), name.casefold(), "password", "retrace"}
    rest = plain
    for word in sorted(filter(None, known), key=len, reverse=True):
        rest = rest.replace(word, "") if len(word) >= 4 else rest
    if len(set(plain)) < 5 or len(rest) < 6:
        raise Invalid(
            "this password is easily guessed: a name, or one letter again and again; take a few words"
        )
