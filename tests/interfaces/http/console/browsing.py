"""Looking at pages in a browser: who is signed in, what a page weighs, and what is wrong with it."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import axe_playwright_python
from playwright.async_api import Browser, BrowserContext, Page

from tests.interfaces.http.console.people import Person

DESKTOP, PHONE = {"width": 1280, "height": 900}, {"width": 360, "height": 740}
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
WATCH = (
    "window.violations = []; document.addEventListener('securitypolicyviolation',"
    " event => window.violations.push(`${event.violatedDirective} ${event.blockedURI}`))"
)


@dataclass
class Site:
    address: str
    browser: Browser
    contexts: list[BrowserContext] = field(default_factory=list)

    async def window(self, person: Person, **more: Any) -> Window:
        """A browser of this person's, who is signed in. `more`: options of the context, as java_script_enabled."""
        if "retrace" not in person.http.cookies:
            assert (await person.sign_in()).status_code == 303
        context = await self.browser.new_context(viewport=more.pop("viewport", DESKTOP), **more)
        self.contexts.append(context)
        cookie = {"name": "retrace", "value": person.http.cookies["retrace"], "url": self.address}
        await context.add_cookies([cookie])  # type: ignore[list-item]
        page = await context.new_page()
        window = Window(self.address, page)
        await window.watch()
        return window

    async def close(self) -> None:
        for context in self.contexts:
            await context.close()


@dataclass
class Window:
    """`errors`: what the browser's console said; `weight`: bytes over the wire since the last `open`."""

    address: str
    page: Page
    errors: list[str] = field(default_factory=list)
    weight: int = 0

    async def watch(self) -> None:
        self.page.on("console", lambda said: self.errors.append(said.text) if said.type == "error" else None)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        await self.page.add_init_script(WATCH)
        wire = await self.page.context.new_cdp_session(self.page)
        await wire.send("Network.enable")
        await wire.send("Network.setCacheDisabled", {"cacheDisabled": True})
        wire.on("Network.loadingFinished", self._weigh)

    def _weigh(self, event: dict[str, Any]) -> None:
        self.weight += int(event["encodedDataLength"])

    async def open(self, path: str) -> int:
        """The status that it was answered with."""
        self.weight = 0
        self.errors.clear()
        reply = await self.page.goto(self.address + path, wait_until="load")
        assert reply is not None
        return reply.status

    async def violations(self) -> list[str]:
        """Of the Content-Security-Policy."""
        found: list[str] = await self.page.evaluate("window.violations")
        return found

    async def axe(self, *rules: str) -> list[str]:
        """What axe-core finds against WCAG 2.2 AA; only of these rules, where some are named."""
        if not await self.page.evaluate("'axe' in window"):
            await self.page.evaluate(_axe())
        only: Any = {"type": "rule", "values": rules} if rules else {"type": "tag", "values": TAGS}
        found = await self.page.evaluate(
            "options => axe.run(document, options)", {"runOnly": only, "resultTypes": ["violations"]}
        )
        return [
            f"{each['id']}: {each['help']} at {node['target']}: {node.get('failureSummary', '')}"
            for each in found["violations"]
            for node in each["nodes"]
        ]

    async def wider_than_the_screen(self) -> bool:
        wide: bool = await self.page.evaluate(
            "document.documentElement.scrollWidth > document.documentElement.clientWidth"
        )
        return wide


@cache
def _axe() -> str:
    return (Path(axe_playwright_python.__file__).parent / "axe.min.js").read_text()
