"""How operators come in, and how long they stay."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from tests.interfaces.setting_effects.deployment import Deployment, Proof

CONSOLE = {"Origin": "https://service.example"}


async def an_operator(deployment: Deployment) -> tuple[dict[str, Any], dict[str, str]]:
    """One who has just been invited, and what they sign in with."""
    email = f"{uuid4().hex}@example.com"
    made = await deployment.http.post(
        "/v1/operators", json={"email": email, "name": "Ann", "roles": ["agent"]}
    )
    assert made.json()["link"].startswith("https://service.example/api/console/accept?token=")
    return made.json(), {"tenant": deployment.tenant, "email": email, "password": "four words that stay"}


async def session_of(deployment: Deployment) -> dict[str, datetime]:
    """The times of a session that has just begun."""
    made, form = await an_operator(deployment)
    token, password = made["link"].partition("token=")[2], form["password"]
    sent = {"token": token, "password": password, "again": password}
    assert (await deployment.http.post("/console/accept", data=sent, headers=CONSOLE)).status_code == 303
    assert (await deployment.http.post("/console/sign-in", data=form, headers=CONSOLE)).status_code == 303
    (shown,) = (await deployment.http.get(f"/v1/operators/{made['id']}/sessions")).json()
    return {name: datetime.fromisoformat(time) for name, time in shown.items() if name != "id"}


async def session_idle_minutes(deployment: Deployment) -> None:
    times = await session_of(deployment)
    assert times["idle_at"] - times["began_at"] == timedelta(minutes=7)


async def session_hours(deployment: Deployment) -> None:
    times = await session_of(deployment)
    assert times["ends_at"] - times["began_at"] == timedelta(hours=3)


async def invitation_hours(deployment: Deployment) -> None:
    made, _ = await an_operator(deployment)
    shown = (await deployment.http.get(f"/v1/operators/{made['id']}")).json()
    left = datetime.fromisoformat(made["expires_at"]) - datetime.fromisoformat(shown["invited_at"])
    assert left == timedelta(hours=5)


async def sign_ins_per_account(deployment: Deployment) -> None:
    """Where it comes from is another network each time: the proxy on this machine says so."""
    _, form = await an_operator(deployment)
    statuses = []
    for number in range(4):
        headers = {**CONSOLE, "X-Forwarded-For": f"192.0.2.{number}"}
        reply = await deployment.http.post("/console/sign-in", data=form, headers=headers)
        statuses.append(reply.status_code)
    assert statuses == [401, 401, 401, 429]


async def sign_ins_per_address(deployment: Deployment) -> None:
    statuses = []
    for _ in range(8):
        form = {
            "tenant": deployment.tenant,
            "email": f"{uuid4().hex}@example.com",
            "password": "guessed words",
        }
        headers = {**CONSOLE, "X-Forwarded-For": "198.51.100.7"}
        reply = await deployment.http.post("/console/sign-in", data=form, headers=headers)
        statuses.append(reply.status_code)
    assert statuses == [401] * 7 + [429]


PROOFS: dict[str, Proof] = {
    "RETRACE_RATE_SIGN_INS_PER_ACCOUNT": sign_ins_per_account,
    "RETRACE_RATE_SIGN_INS_PER_ADDRESS": sign_ins_per_address,
    "RETRACE_SESSION_IDLE_MINUTES": session_idle_minutes,
    "RETRACE_SESSION_HOURS": session_hours,
    "RETRACE_INVITATION_HOURS": invitation_hours,
}
