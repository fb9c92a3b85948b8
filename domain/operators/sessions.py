"""Where an operator is signed in: sessions with an end, each with a secret of its own, revocable."""

from __future__ import annotations

import hmac
from datetime import datetime
from typing import ClassVar, Literal

from domain.base.errors import NotFound, Unauthenticated
from domain.operators.credentials import Credentials
from domain.operators.state import OperatorPart, Session

MOST = 20
"""Sessions of one operator; the oldest one ends where another begins."""

WRONG = "e-mail address, password or code is wrong"
ENDED = "this session has ended; sign in again"

Why = Literal["signed_out", "revoked"]


class Sessions(Credentials):
    """Never an old one taken over: whoever signs in, or changes how they do, gets a new secret (no session fixation)."""

    class Event(OperatorPart.Event, frozen=True, kw_only=True):
        pass

    class SignedIn(Event, frozen=True, kw_only=True):
        """`step`: of the one-time code that came with it; `recovery`: hash of the recovery code that was used up."""

        TOPIC: ClassVar[str] = "operator.signed_in"
        PERSONAL: ClassVar[bool] = False
        session: str
        secret_hash: bytes
        ends_at: datetime
        step: int = 0
        recovery: bytes = b""

        def apply(self, aggregate: Sessions) -> None:
            state = aggregate.state
            state.totp_step = max(state.totp_step, self.step)
            state.recovery = tuple(known for known in state.recovery if known != self.recovery)
            _begin(aggregate, self.session, self.secret_hash, self.timestamp, self.ends_at)

    class SessionRenewed(Event, frozen=True, kw_only=True):
        """After a change that ended all sessions, who made it goes on with a new one."""

        TOPIC: ClassVar[str] = "operator.session_renewed"
        PERSONAL: ClassVar[bool] = False
        session: str
        secret_hash: bytes
        ends_at: datetime

        def apply(self, aggregate: Sessions) -> None:
            _begin(aggregate, self.session, self.secret_hash, self.timestamp, self.ends_at)

    class SessionEnded(Event, frozen=True, kw_only=True):
        TOPIC: ClassVar[str] = "operator.session_ended"
        PERSONAL: ClassVar[bool] = False
        session: str
        why: Why

        def apply(self, aggregate: Sessions) -> None:
            aggregate.state.sessions.pop(self.session, None)

    def sign_in(
        self,
        session: str,
        secret_hash: bytes,
        *,
        proved: bytes,
        code: str,
        ends_at: datetime,
        at: datetime,
    ) -> None:
        """Begin a session. `proved`: the password's hash that was found to fit; `code`: one-time or recovery code.

        Raises Unauthenticated, with the same words whatever is wrong: nobody learns whether the password was right.
        """
        state = self.state
        if state.status != "active" or not hmac.compare_digest(proved, state.password):
            raise Unauthenticated(WRONG)
        factor = self.second_factor(code, at)
        if factor is None:
            raise Unauthenticated(WRONG)
        facts = {"session": session, "secret_hash": secret_hash, "ends_at": ends_at}
        self.trigger(self.SignedIn, at=at, step=factor[0], recovery=factor[1], **facts)

    def renew_session(self, session: str, secret_hash: bytes, ends_at: datetime, at: datetime) -> None:
        """Of whoever has just proved who they are."""
        facts = {"session": session, "secret_hash": secret_hash, "ends_at": ends_at}
        self.trigger(self.SessionRenewed, at=at, **facts)

    def end_session(self, session: str, why: Why, at: datetime) -> None:
        """Raises NotFound."""
        if session not in self.state.sessions:
            raise NotFound("there is no such session of this operator; it has ended, perhaps")
        self.trigger(self.SessionEnded, at=at, session=session, why=why)

    def live_session(self, session: str, secret_hash: bytes, at: datetime) -> Session:
        """Raises Unauthenticated."""
        known = self.state.sessions.get(session)
        if (
            not hmac.compare_digest(known.secret_hash if known else bytes(32), secret_hash)
            or known is None
            or self.state.status != "active"
            or at >= known.ends_at
        ):
            raise Unauthenticated(ENDED)
        return known


def _begin(aggregate: Sessions, id: str, secret_hash: bytes, at: datetime, ends_at: datetime) -> None:
    """Beside those that have not come to their end."""
    live = {key: known for key, known in aggregate.state.sessions.items() if known.ends_at > at}
    while len(live) >= MOST:
        del live[min(live.values(), key=lambda known: known.began_at).id]
    live[id] = Session(id=id, secret_hash=secret_hash, began_at=at, ends_at=ends_at)
    aggregate.state.sessions = live
