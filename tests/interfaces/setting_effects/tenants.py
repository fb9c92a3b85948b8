"""What a tenant may do, and how long it is kept."""

from __future__ import annotations

from datetime import datetime

from tests.interfaces.http.conftest import OPERATOR
from tests.interfaces.setting_effects.deployment import Deployment, Proof


async def allow_private_addresses(deployment: Deployment) -> None:
    body = {"key": "k" * 20, "base_url": "http://127.0.0.1:9/v1"}
    assert (await deployment.http.put("/v1/providers/compatible/key", json=body)).status_code == 200
    assert (await deployment.http.delete("/v1/providers/compatible/key")).status_code == 204


async def removal_grace_days(deployment: Deployment) -> None:
    bearer = {"Authorization": f"Bearer {OPERATOR}"}
    made = (await deployment.http.post("/v1/tenants", json={"name": "Short"}, headers=bearer)).json()
    address = f"/v1/tenants/{made['id']}"
    assert (await deployment.http.delete(address, headers=bearer)).status_code == 204
    shown = (await deployment.http.get(address, headers=bearer)).json()
    left = datetime.fromisoformat(shown["erase_at"]) - datetime.fromisoformat(shown["created_at"])
    assert left.days == 5


PROOFS: dict[str, Proof] = {
    "RETRACE_REMOVAL_GRACE_DAYS": removal_grace_days,
    "RETRACE_ALLOW_PRIVATE_ADDRESSES": allow_private_addresses,
}
