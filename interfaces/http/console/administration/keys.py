"""API keys: issued and shown once, rotated, revoked."""

from __future__ import annotations

from interfaces.http.console.screens.form import Form
from interfaces.http.console.screens.screen import Screen
from interfaces.http.tenancy import api_key
from interfaces.http.tenancy.api_key_forms import KeyIn, RotateIn

EXPIRY = "In UTC. Without it the key does not expire."

SCREENS = (
    Screen(
        path="/console/keys",
        template="administration/keys.html",
        reads={"keys": api_key.list_all},
        forms={
            "issue": Form(
                route=api_key.issue,
                body=KeyIn,
                button="Issue a key",
                answer="administration/key-made.html",
                hints={"name": "What the key is for, so that you know it again.", "expires_at": EXPIRY},
            )
        },
    ),
    Screen(
        path="/console/keys/{key:str}",
        template="administration/key.html",
        reads={"key": api_key.read},
        forms={
            "rotate": Form(
                route=api_key.rotate,
                body=RotateIn,
                button="Rotate this key",
                answer="administration/key-made.html",
                labels={"overlap_hours": "Hours for which the old key still works"},
                hints={"expires_at": "Of the new key, in UTC. Empty: when the old one was to expire."},
                offered=lambda facts: not facts["key"].revoked,
            ),
            "revoke": Form(
                route=api_key.revoke,
                button="Revoke this key",
                to="/console/keys",
                done="The key is revoked.",
                confirm="What calls with this key is refused at once. A revoked key can not be made to work again.",
                danger=True,
                offered=lambda facts: not facts["key"].revoked,
            ),
        },
    ),
)
