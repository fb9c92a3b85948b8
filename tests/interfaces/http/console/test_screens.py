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
