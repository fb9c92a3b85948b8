"""A campaign is planned, tried out, scheduled and cancelled by forms, as by the API."""

from __future__ import annotations

from datetime import UTC, datetime

from tests.interfaces.http.conftest import Customer
from tests.interfaces.http.console.people import joined
from tests.interfaces.http.console.worlds.agent import an_account


async def test_a_campaign_is_planned_tried_out_and_ended(ours: Customer) -> None:
    await an_account(ours)
    marketer = await joined(ours, "marketer@example.com", "marketer")
    await marketer.sign_in()
    plan = {
        "name": "Boots",
        "message.text": "Our boots are here.",
        "message.buttons": 'More\r\nNo news, opt_out, , "As you wish, of course."',
        "message.file.url": "",
        "message.template.body": "",
        "audience.channel": "whatsapp",
        "outside_window": "leave_out",
        "quiet_hours.begin": "20:00",
        "quiet_hours.end": "09:00",
        "time_zone": "Europe/Berlin",
        "conversion_days": "7",
    }
    refused = await marketer.send("/console/campaigns/create", {**plan, "message.text": "x" * 1025})
    assert refused.status_code == 400
    assert "at most 1024" in refused.text
    made = await marketer.send("/console/campaigns/create", plan)
    assert made.status_code == 303, made.text
    page = made.headers["Location"].partition("?")[0]
    path = f"/v1/campaigns/{page.rpartition('/')[2]}"
    found = (await ours.http.get(path)).json()
    assert [each["title"] for each in found["plan"]["message"]["buttons"]] == ["More", "No news"]
    assert found["plan"]["message"]["buttons"][1]["reply"] == "As you wish, of course."
    tried = await marketer.send(f"{page}/preview", {"limit": "10"})
    assert "Nobody is in its audience" in tried.text
    assert (
        await marketer.send(f"{page}/schedule", {"at": f"{datetime.now(UTC).year + 1}-01-31T12:00"})
    ).status_code == 303
    assert "Pause" in (await marketer.http.get(page)).text
    assert (await marketer.send(f"{page}/pause")).status_code == 303
    assert (await marketer.send(f"{page}/cancel", {"sure": "yes"})).status_code == 303
    assert (await ours.http.get(path)).json()["status"] == "cancelled"
    shown = (await marketer.http.get("/console/campaigns")).text
    assert "Cancelled" in shown
    agent = await joined(ours, "agent@example.com", "agent")
    await agent.sign_in()
    assert (await agent.http.get("/console/campaigns")).status_code == 403
