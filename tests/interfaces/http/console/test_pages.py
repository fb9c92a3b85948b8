"""Every page, as people see it: on a desk and on a phone, light and dark, under the policy, and with WCAG 2.2 AA."""

from __future__ import annotations

import pytest
import pytest_asyncio

from interfaces.http.console import ROUTERS
from tests.interfaces.http.conftest import Customer
from tests.interfaces.http.console.browsing import DESKTOP, PHONE, Site, Window
from tests.interfaces.http.console.pages import NO_PAGES, OPEN, PAGES, Shown, asking, routes
from tests.interfaces.http.console.people import joined

HEAVIEST = 120_000
"""Bytes over the wire, with nothing in the browser's cache."""


def test_every_page_is_in_the_table() -> None:
    known = {page.path for page in PAGES} | set(OPEN) | NO_PAGES.keys()
    found = routes(ROUTERS)
    known |= asking(ROUTERS)
    assert found - known == set(), "add a line to PAGES in tests/interfaces/http/console/pages.py"
    assert known - found == set(), "these are no more: take them out of the table"


@pytest_asyncio.fixture(scope="module", name="window")
async def _window(ours: Customer, site: Site) -> Window:
    return await site.window(await joined(ours, "walker@example.com", "admin"))


@pytest.mark.parametrize("shown", PAGES, ids=lambda shown: shown.path + shown.query)
async def test_a_page_is_light_legible_and_whole(shown: Shown, ours: Customer, window: Window) -> None:
    parts = await shown.world(ours) if shown.world else {}
    assert await window.open(shown.path.format(**parts) + shown.query) == 200
    assert (await window.page.title()).startswith(shown.title)
    await looked_at(window)


@pytest.mark.parametrize("path", OPEN)
async def test_a_page_before_the_door_is_too(path: str, ours: Customer, site: Site) -> None:
    context = await site.browser.new_context()
    window = Window(site.address, await context.new_page())
    await window.watch()
    assert await window.open(path) in (200, 422)
    window.errors[:] = [each for each in window.errors if "422" not in each]
    await looked_at(window)
    await context.close()


async def looked_at(window: Window) -> None:
    """All of it on a desk; in the dark the colours again, on a phone what its width may break, with the menu open."""
    page = window.page
    assert window.weight <= HEAVIEST, f"{window.weight} bytes"
    await page.set_viewport_size(DESKTOP)  # type: ignore[arg-type]
    assert not await window.wider_than_the_screen()
    assert await window.axe() == []
    await page.emulate_media(color_scheme="dark")
    assert await window.axe("color-contrast") == []
    await page.emulate_media(color_scheme="light")
    await page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    menu = page.locator("details.menu summary")
    if await menu.count():
        await menu.click()
    assert not await window.wider_than_the_screen(), f"wider than {PHONE['width']} px"
    assert await window.axe("target-size", "color-contrast", "scrollable-region-focusable") == []
    assert await window.violations() == []
    assert window.errors == []
