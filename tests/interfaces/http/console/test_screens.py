"""Pages that are made from routes: whom they open to, and that another tenant's ids are not there."""

from __future__ import annotations

import re

import pytest
import pytest_asyncio

from domain.operators.roles import ROLES
from interfaces.http.console import administration, agent, alerts, models, review
from interfaces.http.console.screens.screen import Screen
from tests.interfaces.http.conftest import Customer
from tests.interfaces.http.console.pages import PAGES, Shown
from tests.interfaces.http.console.people import Person, joined

SCREENS = (*alerts.SCREENS, *agent.SCREENS, *review.SCREENS, *models.SCREENS, *administration.SCREENS)
EACH_HAS = {"{flag}", "{version}", "{name}", "{account}", "{provider}", "{alert}"}
"""Parts of paths that are no ids of a tenant's: every tenant has them, or may set them."""


@pytest_asyncio.fixture(scope="module", name="people")
async def _people(ours: Customer) -> dict[str, Person]:
    """One of each role that the tests need, signed in."""
    found = {}
    for role in ("admin", "agent", "auditor"):
        found[role] = await joined(ours, f"screens-{role}@example.com", role)
        assert (await found[role].sign_in()).status_code == 303
    return found


@pytest.mark.parametrize("screen", [each for each in SCREENS if each.template], ids=lambda each: each.path)
async def test_a_page_asks_for_the_scope_of_what_it_shows(screen: Screen, people: dict[str, Person]) -> None:
    path = re.sub(r"{[^}]*:uuid}", "0" * 32, re.sub(r"{[^}]*:(str|int)}", "1", screen.path))
    for role in ("agent", "auditor"):
        if screen.scope not in ROLES[role]:
            assert (await people[role].http.get(path)).status_code == 403, role
    for name, form in screen.forms.items():
        if form.route.opt["scope"] not in ROLES["agent"]:
            assert (await people["agent"].send(f"{path}/{name}")).status_code == 403, name


@pytest.mark.parametrize(
    "shown",
    [each for each in PAGES if set(re.findall(r"{\w+}", each.path)) - EACH_HAS],
    ids=lambda each: each.path,
)
async def test_ids_of_another_tenant_are_not_there(
    shown: Shown, theirs: Customer, people: dict[str, Person]
) -> None:
    assert shown.world is not None
    path = shown.path.format(**await shown.world(theirs))
    assert (await people["admin"].http.get(path)).status_code == 404


@pytest.mark.parametrize("path", ["/console/nowhere", "/console/documents/not-an-id", "/console/"])
async def test_what_is_not_there_is_a_page_below_the_console_alone(
    path: str, people: dict[str, Person], ours: Customer
) -> None:
    reply = await people["admin"].http.get(path)
    if path == "/console/":
        assert reply.status_code == 200  # a trailing slash is optional
        return
    assert (reply.status_code, reply.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert "there is no such page" in reply.text
    assert "default-src 'none'" in reply.headers["content-security-policy"]
    elsewhere = await ours.http.get("/v1/documents/not-an-id")
    assert (elsewhere.status_code, elsewhere.json()["type"]) == (404, "/problems/not-found")


async def test_figures_of_an_alert_stand_in_its_unit_and_are_taken_so(people: dict[str, Person]) -> None:
    admin, path = people["admin"], "/console/alerts/handoffs"
    page = (await admin.http.get(path)).text
    assert "25.0 %" in page
    assert 'value="25 %"' in page
    body = {"metric": "handoff_rate", "threshold": "30 %", "window_minutes": "360", "severity": "warning"}
    version = re.search(r'name="version" value="(\d+)"', page)
    sent = await admin.send(f"{path}/set", {**body, "version": version[1] if version else ""})
    assert sent.status_code == 303, sent.text
    assert 'value="30 %"' in (await admin.http.get(path)).text
    assert "5.0 s" in (await admin.http.get("/console/alerts")).text  # of slow answers
