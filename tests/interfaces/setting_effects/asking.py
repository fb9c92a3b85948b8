"""Whom the deployment asks, and with which key."""

from __future__ import annotations

import time

import pytest

from infra.providers import PROVIDERS
from infra.providers.access import PARTS, variable
from infra.settings import load
from interfaces import worker
from tests.doubles import brave_search as brave
from tests.doubles import google_search as google
from tests.interfaces.setting_effects.deployment import Deployment, Proof
from tests.until import until


def asks(provider: str) -> Proof:
    """Its double is asked, with its key."""

    async def proof(deployment: Deployment) -> None:
        body = {"model": f"{provider}/some-model", "messages": [{"role": "user", "content": "Open?"}]}
        await deployment.http.post("/v1/chat/completions", json=body)
        assert f"key-of-{provider}" in str(deployment.doubles[provider].calls[-1].fields.values())

    return proof


async def internet_search(deployment: Deployment) -> None:
    """A product is looked up at Brave, which refuses here, and then at Google, each with its key; without any of them nobody may ask for it."""
    double = deployment.doubles["google"]
    agent = {"retrieve_internet": True}
    assert (await deployment.http.put("/v1/agent/configuration", json=agent)).status_code == 200
    body = {"name": f"eTrex {time.monotonic_ns()}", "price": "149", "currency": "EUR"}
    made = (await deployment.http.post("/v1/catalog/products", json=body)).json()
    reply = await deployment.http.post(f"/v1/catalog/products/{made['id']}/enrichment")
    assert reply.status_code == 202, reply.text
    before = len(double.calls)

    async def looked_up(*_: object) -> None:
        await until(lambda: len(double.calls) != before)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(worker, "until", looked_up)
        await worker.work(load(deployment.here, deployment.log.parent))
    assert f"key={google.KEY}&cx=" in double.calls[-1].path
    assert deployment.doubles["brave"].calls[-1].fields["x-subscription-token"] == brave.KEY


PROOFS: dict[str, Proof] = {
    "BRAVE_SEARCH_KEY": internet_search,
    "BRAVE_SEARCH_BASE_URL": internet_search,
    "GOOGLE_SEARCH_KEY": internet_search,
    "GOOGLE_SEARCH_ENGINE": internet_search,
    "GOOGLE_SEARCH_BASE_URL": internet_search,
    **{variable(name, what): asks(name) for name in PROVIDERS for what in PARTS},
}
