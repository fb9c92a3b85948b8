"""An operator: a person who works at a tenant's console. One stream; its parts stand by subject, each with its events."""

from __future__ import annotations

from domain.operators.credentials import Credentials
from domain.operators.membership import Membership
from domain.operators.sessions import Sessions
from domain.operators.state import OperatorPart, OperatorState


class Operator(Membership, Sessions):
    """The stream's own key seals who they are, and what proves it. Each event is nested in its part, and named here as the operator's."""

    TOPIC = "operator"
    State = OperatorState
    Event = OperatorPart.Event  # type: ignore[assignment]  # of all parts, so that their events are taken as they are

    Invited = Membership.Invited
    LinkIssued = Membership.LinkIssued
    Accepted = Membership.Accepted
    RolesChanged = Membership.RolesChanged
    Suspended = Membership.Suspended
    Restored = Membership.Restored
    Removed = Membership.Removed

    PasswordChanged = Credentials.PasswordChanged
    TotpEnrolled = Credentials.TotpEnrolled
    TotpDisabled = Credentials.TotpDisabled

    SignedIn = Sessions.SignedIn
    SessionRenewed = Sessions.SessionRenewed
    SessionEnded = Sessions.SessionEnded
