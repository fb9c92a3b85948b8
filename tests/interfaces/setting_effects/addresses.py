"""How the deployment is called from outside."""

from __future__ import annotations

import msgspec

from infra.settings import load
from infra.twilio.hosts import hosts_of
from tests.interfaces.setting_effects.deployment import Deployment, Proof


async def public_url(deployment: Deployment) -> None:
    account = "/v1/channels/twilio/AC" + "1" * 32
    reply = await deployment.http.put(account, json={"auth_token": "0123456789abcdef"})
    assert reply.json()["webhook"] == f"https://service.example/api/webhooks/twilio/{deployment.tenant}"


async def cors_origins(deployment: Deployment) -> None:
    asks = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}
    for origin, status in (("https://app.example", 204), ("https://evil.example", 400)):
        reply = await deployment.http.options("/v1/messages", headers={"Origin": origin, **asks})
        assert reply.status_code == status
        assert (reply.headers.get("Access-Control-Allow-Origin") == origin) == (status == 204)


async def twilio_base_url(deployment: Deployment) -> None:
    settings = load(deployment.here, deployment.log.parent)
    assert set(msgspec.structs.astuple(hosts_of(settings.twilio_base_url))) == {"http://127.0.0.1:9/twilio"}


PROOFS: dict[str, Proof] = {
    "RETRACE_PUBLIC_URL": public_url,
    "RETRACE_CORS_ORIGINS": cors_origins,
    "TWILIO_BASE_URL": twilio_base_url,
}
