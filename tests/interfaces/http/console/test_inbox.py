"""Operators at the inbox: two of them and a customer at once in two browsers, by keyboard alone, and without a script."""

from __future__ import annotations

import asyncio
import re
import statistics
import time
from uuid import uuid4

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from interfaces.bootstrap import Services
from interfaces.http.console.inbox import search
from tests.interfaces.http.conftest import Customer
from tests.interfaces.http.console.browsing import Site, Window
from tests.interfaces.http.console.people import Person, joined
from tests.until import PATIENCE

SOON = 5.0
"""Seconds within which a page shows what is new, most times, on a machine that is busy with other tests."""

STILL = 30_000
"""Milliseconds that are waited for it at most: a machine that is busy with other tests stands still at times."""


@pytest_asyncio.fixture(scope="module", name="ann")
async def _ann(ours: Customer) -> Person:
    return await joined(ours, "ann@example.com", "agent", "reviewer")


@pytest_asyncio.fixture(scope="module", name="ben")
async def _ben(ours: Customer) -> Person:
    return await joined(ours, "ben@example.com", "agent")


async def begun(ours: Customer, address: str) -> str:
    """A conversation of a customer who waits for a person; its path in the console."""
    reply = await ours.ask("I want to talk to a human, please", address=address)
    assert reply.json()["handoff"], reply.text
    return f"/console/inbox/{reply.json()['conversation']}"


class Waits:
    """How long pages took to show what had just been done."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    async def shows(self, window: Window, part: str, text: str) -> None:
        began = time.monotonic()
        await expect(window.page.locator(part)).to_contain_text(text, timeout=STILL)
        self.seconds.append(time.monotonic() - began)


async def press(page: Page, name: str, key: str = "Enter") -> None:
    """By keyboard: Tab until the focus is on the control of this name, and press."""
    for _ in range(60):
        await page.keyboard.press("Tab")
        label = await page.evaluate("document.activeElement?.innerText || document.activeElement?.id || ''")
        if label.strip() == name:
            await page.keyboard.press(key)
            return
    raise AssertionError(f"Tab never came to {name!r}")


async def test_two_operators_and_a_customer_see_each_other_at_once_and_one_claim_wins(
    ours: Customer, site: Site, ann: Person, ben: Person
) -> None:
    first, second, waits = await site.window(ann), await site.window(ben), Waits()
    await first.open("/console/inbox")
    await expect(first.page.locator("#live-state")).to_contain_text("Live")
    path = await begun(ours, "live-customer")
    link = first.page.get_by_role("list", name="Waiting for a person").get_by_role(
        "link", name="live-customer"
    )
    await expect(link).to_be_visible(timeout=STILL)
    await link.click()
    await second.open(path)
    for window in (first, second):
        await expect(window.page.get_by_role("button", name="Claim")).to_be_visible()
    await asyncio.gather(*(each.page.get_by_role("button", name="Claim").click() for each in (first, second)))
    for window in (first, second):
        await window.page.wait_for_load_state()
    yours = [
        await window.page.get_by_role("button", name="Send the reply").count() for window in (first, second)
    ]
    assert sorted(yours) == [0, 1], "one claim wins"
    winner, other = (first, second) if yours[0] else (second, first)
    await expect(other.page.get_by_role("alert")).to_contain_text("Somebody else has this conversation")
    await ours.ask("Are you there?", address="live-customer", wait=0)
    for window in (winner, other):
        await waits.shows(window, "#thread", "Are you there?")
    await winner.page.get_by_label("Your reply").fill("half a sent")
    await ours.ask("Hello?", address="live-customer", wait=0)
    await waits.shows(winner, "#thread", "Hello?")
    assert await winner.page.get_by_label("Your reply").input_value() == "half a sent", (
        "typing is not disturbed"
    )
    await winner.page.get_by_label("Your reply").fill("Yes, I am.")
    await winner.page.get_by_role("button", name="Send the reply").click()
    await waits.shows(other, "#thread", "Yes, I am.")
    await winner.page.get_by_role("button", name="Give it back").click()
    await expect(other.page.get_by_role("button", name="Claim")).to_be_visible(timeout=STILL)
    assert statistics.median(waits.seconds) < SOON, waits.seconds
    for window in (first, second):
        assert [each for each in window.errors if "409" not in each] == []
        assert await window.violations() == []


async def test_the_keyboard_alone_claims_replies_and_releases(
    ours: Customer, site: Site, ann: Person
) -> None:
    path = await begun(ours, "keyboard")
    window = await site.window(ann)
    await window.open(path)
    page = window.page
    await press(page, "Claim")
    await expect(page.get_by_role("status").first).to_contain_text("You have this conversation now")
    await press(page, "text", "H")
    await page.keyboard.type("ere I am")
    await press(page, "Send the reply")
    await expect(page.locator("#thread")).to_contain_text("Here I am")
    await press(page, "Give it back to the agent")
    await expect(page.locator("#state")).to_contain_text("With the agent")


async def test_without_a_script_forms_do_it_all(ours: Customer, site: Site, ann: Person) -> None:
    path = await begun(ours, "scriptless")
    window = await site.window(ann, java_script_enabled=False)
    page = window.page
    await page.goto(site.address + path)
    await page.get_by_role("button", name="Claim").click()
    await page.get_by_label("Your reply").fill("<b>bold</b> & so on")
    await page.get_by_role("button", name="Send the reply").click()
    await expect(page.locator("#thread")).to_contain_text("<b>bold</b> & so on")
    await page.get_by_role("link", name="Go back in time").click()
    last = int(await page.get_by_label("After event").get_attribute("max") or 0)
    await page.get_by_role("link", name="One back").click()
    await expect(page.locator("#then")).to_contain_text(f"Event {last - 1} of {last}")
    await page.goto(f"{site.address}{path}/at?version=1")
    await expect(page.locator("#then")).to_contain_text("conversation.started")
    await page.goto(site.address + path)
    await page.get_by_role("button", name="Close").click()
    await page.get_by_role("button", name="Open again").click()
    await expect(page.locator("#state")).to_contain_text("Open")


async def test_the_slider_shows_the_state_as_it_is_moved(ours: Customer, site: Site, ann: Person) -> None:
    path = await begun(ours, "slider")
    window = await site.window(ann)
    await window.open(f"{path}/at")
    await window.page.get_by_label("After event").focus()
    await window.page.keyboard.press("Home")
    await expect(window.page.locator("#then")).to_contain_text("conversation.started", timeout=STILL)
    assert window.errors == []


async def answered(ours: Customer, address: str) -> str:
    """A path of why."""
    made = (await ours.ask("Do you sell tulips?", address=address)).json()
    return f"/console/inbox/{made['conversation']}/why/{made['id']}"


async def test_an_answer_is_rated_and_corrected_by_the_same_commands_as_the_apis(
    ours: Customer, ann: Person, ben: Person, parts: Services
) -> None:
    path = await answered(ours, "rated")
    await ann.sign_in()
    await ben.sign_in()
    assert (await ann.send(f"{path}/rate", {"rating": "perhaps"})).status_code == 400
    assert (
        await ann.send(f"{path}/rate", {"rating": "not_helpful", "comment": "Wrong <b>"})
    ).status_code == 303
    shown = (
        await ours.http.get(f"/v1/interactions/{path.rpartition('/')[2]}", headers=await newest(ours, parts))
    ).json()
    assert (shown["rating"]["rating"], shown["rating"]["source"]) == ("not_helpful", "console")
    refused = await ann.send(f"{path}/correct", {"right": " ", "category": "tone"})
    assert refused.status_code == 400
    assert re.search(r'<textarea id="right"[^>]*aria-invalid="true"', refused.text)
    form = {"right": "Yes, from March on.", "category": "wrong_information", "reason": "season"}
    assert (await ben.send(f"{path}/correct", form)).status_code == 403, (
        "whoever may not review proposes none"
    )
    assert (await ann.send(f"{path}/correct", form)).status_code == 303
    told = (await ours.http.get("/v1/bot/corrections", headers=await newest(ours, parts))).json()["items"][0]
    assert (told["human_response"], told["proposed_by"]) == ("Yes, from March on.", f"operator:{ann.id}")


async def newest(ours: Customer, parts: Services) -> dict[str, str]:
    return {"Retrace-Position": str(await parts.reads.head(ours.tenant))}


async def test_a_reply_that_is_sent_twice_goes_out_once(ours: Customer, ann: Person) -> None:
    path = await begun(ours, "twice")
    await ann.sign_in()
    assert (await ann.send(f"{path}/claim")).status_code == 303
    form = {"text": "Once only.", "once": uuid4().hex}
    assert [(await ann.send(f"{path}/reply", form)).status_code for _ in range(2)] == [303, 303]
    assert (await ann.http.get(path)).text.count("Once only.") == 1
    empty = await ann.send(f"{path}/reply", {"text": " ", "once": uuid4().hex})
    assert (empty.status_code, "Write something first." in empty.text) == (400, True)


@pytest.mark.parametrize("rest", ["", "/at", "/live", "/why/{interaction}", "/why/{interaction}/prompt"])
async def test_another_tenants_conversation_is_not_found(
    rest: str, theirs: Customer, ann: Person, ours: Customer
) -> None:
    await ann.sign_in()
    made = (await theirs.ask("Hello", address="theirs")).json()
    base = f"/console/inbox/{made['conversation']}"
    assert (await ann.http.get(base + rest.format(interaction=made["id"]))).status_code == 404
    own = (await ours.ask("Hello", address="own")).json()["conversation"]
    assert (await ann.http.get(f"/console/inbox/{own}/why/{made['id']}")).status_code == 404
    for form in ("claim", "reply", "release", "close", "reopen", f"why/{made['id']}/rate"):
        given = {"text": "x", "once": "1", "rating": "helpful"}
        assert (await ann.send(f"{base}/{form}", given)).status_code == 404


async def test_a_form_without_the_token_or_from_elsewhere_does_nothing(ours: Customer, ann: Person) -> None:
    path = await begun(ours, "forged")
    await ann.sign_in()
    assert (await ann.http.post(f"{path}/claim", data={"csrf": "x"})).status_code == 403
    elsewhere = {"Sec-Fetch-Site": "cross-site"}
    assert (await ann.send(f"{path}/claim", headers=elsewhere)).status_code == 403
    assert "Waits for a person" in (await ann.http.get(path)).text


async def test_who_may_only_read_sees_no_forms_and_is_refused(ours: Customer) -> None:
    path = await begun(ours, "reader")
    eve = await joined(ours, "eve@example.com", "analyst")
    await eve.sign_in()
    text = (await eve.http.get(path)).text
    assert "<button" not in text[text.index('id="actions"') :]
    assert (await eve.send(f"{path}/claim")).status_code == 403


@pytest.mark.parametrize("query", ["view=nothing", "cursor=abc", "view=all&cursor=%00"])
async def test_what_the_list_does_not_know_is_told(query: str, ann: Person) -> None:
    await ann.sign_in()
    reply = await ann.http.get(f"/console/inbox?{query}")
    assert (reply.status_code, "<h1>" in reply.text) == (400, True)


async def test_the_list_goes_on_page_by_page(ours: Customer, ann: Person) -> None:
    for number in range(27):
        await ours.ask("Hello", address=f"page-{number}", wait=0)
    await ann.sign_in()
    seen: list[str] = []
    path = "/console/inbox?view=open&channel=http"
    async with asyncio.timeout(PATIENCE):
        while f"page-{26}" not in (text := (await ann.http.get(path)).text):
            await asyncio.sleep(0.05)
    while True:
        listing = text[text.rindex('<ul class="inbox"') :]
        seen += re.findall(r'id="c-(\w+)"', listing)
        found = re.search(r'href="([^"]+cursor=[^"]+)" rel="next"', text)
        if found is None:
            break
        text = (await ann.http.get(found[1].replace("&amp;", "&"))).text
    assert len(seen) == len(set(seen)) >= 27


async def test_a_search_goes_on_by_itself_and_by_its_link_without_a_script(
    ours: Customer, site: Site, ann: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "PART", 5)
    for number in range(3):
        await ours.ask(f"needle {number}", address=f"hay-{number}", wait=0)
    window = await site.window(ann)
    await window.open("/console/inbox/search?q=needle")
    await expect(window.page.locator(".text", has_text="needle")).to_have_count(3, timeout=PATIENCE)
    assert window.errors == []
    text, seen = (await ann.http.get("/console/inbox/search?q=needle")).text, 0
    while True:
        seen += text.count("needle ")
        following = re.search(r'href="([^"]+cursor=[^"]+)" rel="next"', text)
        if seen == 3 or following is None:
            break
        text = (await ann.http.get(following[1].replace("&amp;", "&"))).text
    assert seen == 3
