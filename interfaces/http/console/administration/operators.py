"""Operators: invited, their roles, their sessions, suspended and removed."""

from __future__ import annotations

from interfaces.http.console.screens.form import Facts, Form
from interfaces.http.console.screens.screen import Screen
from interfaces.http.operators import operator, sessions
from interfaces.http.operators.operator_forms import OperatorIn, RolesIn

ONE = "/console/operators/{operator:uuid}"


def _active(facts: Facts) -> bool:
    return bool(facts["operator"].status in ("active", "invited"))


SCREENS = (
    Screen(
        path="/console/operators",
        template="administration/operators.html",
        reads={"operators": operator.list_all},
        forms={
            "invite": Form(
                route=operator.invite,
                body=OperatorIn,
                button="Invite",
                answer="administration/link-made.html",
                labels={"email": "E-mail address"},
            )
        },
    ),
    Screen(
        path=ONE,
        template="administration/operator.html",
        reads={"operator": operator.read, "sessions": sessions.list_sessions},
        forms={
            "roles": Form(
                route=operator.replace_roles,
                body=RolesIn,
                button="Change roles",
                done="The roles are changed. Their sessions have ended: they sign in again, and have them then.",
                current=lambda facts: facts["operator"],
            ),
            "link": Form(
                route=operator.link,
                button="Make a new link",
                answer="administration/link-made.html",
                offered=_active,
            ),
            "suspend": Form(
                route=operator.suspend,
                button="Suspend",
                done="They are suspended, and signed out everywhere.",
                danger=True,
                offered=_active,
            ),
            "restore": Form(
                route=operator.restore,
                button="Let in again",
                done="They may sign in again.",
                offered=lambda facts: facts["operator"].status == "suspended",
            ),
            "codes-off": Form(
                route=sessions.disable_totp,
                button="Ask for no codes any more",
                done="They are asked for no one-time codes any more.",
                confirm="Only where they have lost their app: from now on their password alone signs them in. Their sessions end.",
                danger=True,
                offered=lambda facts: facts["operator"].totp,
            ),
            "remove": Form(
                route=operator.remove,
                button="Remove for good",
                to="/console/operators",
                done="They are removed.",
                confirm="Their name and address are erased, and nobody can tell any more who did what they did. To keep that, suspend them.",
                danger=True,
            ),
        },
    ),
    Screen(
        path=f"{ONE}/sessions/{{session:str}}",
        reads={"operator": operator.read},
        forms={
            "end": Form(
                route=sessions.revoke_session,
                button="Sign out there",
                to="/console/operators/{operator}",
                done="That session has ended.",
            )
        },
    ),
)
