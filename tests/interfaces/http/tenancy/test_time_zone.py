"""One time zone of a tenant holds wherever a setting or a request names no other one."""

from __future__ import annotations

from typing import Any

from tests.interfaces.http.conftest import Customer

SERVICE: dict[str, Any] = {
    "name": "Fitting",
    "price": "10.00",
    "currency": "EUR",
    "availability": {"duration_minutes": 30},
}


async def used(customer: Customer, query: str = "") -> str:
    found = (await customer.http.get(f"/v1/analytics/quality{query}")).json()
    return str(found["used"]["values"]["time_zone"])


async def test_it_holds_wherever_no_other_one_is_named(ours: Customer, theirs: Customer) -> None:
    assert (await ours.http.get("/v1/time-zone")).json() == {"time_zone": "UTC", "version": 0}
    refused = await ours.http.put("/v1/time-zone", json={"time_zone": "Mars/Olympus"})
    assert (refused.status_code, "send one as Europe/Berlin" in refused.text) == (400, True)
    reader = await ours.limited("analytics:view")
    body = {"time_zone": "Asia/Kathmandu"}
    assert (await ours.http.put("/v1/time-zone", json=body, headers=reader)).status_code == 403
    made = await ours.http.put("/v1/time-zone", json=body)
    assert (made.status_code, made.json()["time_zone"]) == (200, "Asia/Kathmandu")
    again = await ours.http.put("/v1/time-zone", json=body, headers={"If-Match": '"99"'})
    assert again.status_code == 409
    # Figures, feedback's days, new services; what a request names comes first.
    assert (await used(ours), await used(ours, "?tz=Europe/Berlin")) == ("Asia/Kathmandu", "Europe/Berlin")
    assert (await used(theirs)) == "UTC"
    for path in ("analytics", "collection"):
        assert (await ours.http.get(f"/v1/bot/feedback/{path}")).status_code == 200
        assert (await ours.http.get(f"/v1/bot/feedback/{path}?tz=Mars/Olympus")).status_code == 400
    service = (await ours.http.post("/v1/catalog/services", json=SERVICE)).json()
    assert service["availability"]["time_zone"] == "Asia/Kathmandu"
    # What has its own keeps it.
    settings = "/v1/analytics/settings"
    assert (await ours.http.get(settings)).json()["definitions"]["time_zone"] is None
    assert (await ours.http.put(settings, json={"time_zone": "Europe/Berlin"})).status_code == 200
    assert await used(ours) == "Europe/Berlin"
    assert (await ours.http.put("/v1/time-zone", json={"time_zone": "Asia/Tokyo"})).status_code == 200
    kept = await ours.http.put(f"/v1/catalog/services/{service['id']}", json={**SERVICE, "name": "Fit"})
    assert kept.json()["availability"]["time_zone"] == "Asia/Kathmandu"
    assert await used(ours) == "Europe/Berlin"
