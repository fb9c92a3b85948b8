"""Providers: how they do, what they cost, whose keys are asked with. Keys are taken, and never shown."""

from __future__ import annotations

from typing import Any

from interfaces.http.console.screens.form import Facts, Form
from interfaces.http.console.screens.screen import Screen
from interfaces.http.gateway import health, provider_key
from interfaces.http.gateway.health import ResetIn
from interfaces.http.gateway.provider_key import ProviderKeyIn
from interfaces.http.insight import usage

NAMES = ("openai", "gemini", "together", "compatible")
"""Those that a tenant may have a key of, as the route's parameter says; others there refuse."""


def _one(facts: Facts) -> dict[str, Any]:
    name = facts["path"]["provider"]
    return {"key": next((each for each in facts["keys"].items if each.provider == name), None)}


SCREENS = (
    Screen(
        path="/console/providers",
        template="models/providers.html",
        reads={
            "health": health.read,
            "compared": usage.comparison,
            "drift": usage.drift,
            "keys": provider_key.list_all,
        },
        more=lambda facts: {"names": NAMES},
        forms={
            "reset": Form(
                route=health.reset,
                body=ResetIn,
                button="Ask it again at once",
                done="It is asked again at once, by everybody here.",
                hints={"model": "Empty: all models of the provider."},
            )
        },
    ),
    Screen(
        path="/console/providers/{provider:str}",
        template="models/provider.html",
        reads={"keys": provider_key.list_all},
        more=_one,
        forms={
            "set": Form(
                route=provider_key.replace,
                body=ProviderKeyIn,
                button="Set this key",
                to="/console/providers",
                done="The key is set. It wins over the deployment's.",
                secrets=("key",),
                labels={"base_url": "Address"},
                hints={
                    "key": "Never shown.",
                    "base_url": "Of another server that speaks this provider's API.",
                },
            ),
            "remove": Form(
                route=provider_key.remove,
                button="Remove this key",
                to="/console/providers",
                done="The key is removed.",
                confirm="The deployment's key counts again, if there is one; else this provider is asked no more.",
                danger=True,
                offered=lambda facts: facts["key"] is not None,
            ),
        },
    ),
)
