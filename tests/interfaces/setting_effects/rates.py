"""How many requests a minute there may be."""

from __future__ import annotations

from typing import Any

from tests.interfaces.setting_effects.deployment import RATES, Deployment, Proof


def rate_of(name: str) -> Any:
    async def proof(deployment: Deployment) -> None:
        shown = (await deployment.http.get("/v1/rate-limits")).json()
        assert shown["effective"][name] == RATES[name]

    return proof


PROOFS: dict[str, Proof] = {
    **{f"RETRACE_RATE_{name.upper()}": rate_of(name) for name in RATES},
}
