"""Corrections are reviewed, and deployments taken back, at the console: word by word, by four eyes, and by the keyboard alone."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from interfaces.http.console.review.word_diff import word_diff
from tests.interfaces.http.conftest import Customer
from tests.interfaces.http.console.browsing import Site, Window
from tests.interfaces.http.console.people import joined
from tests.interfaces.http.console.worlds.models import a_deployment
from tests.interfaces.http.console.worlds.review import RIGHT, a_correction, an_answer

SENTENCES = st.lists(st.sampled_from(["we", "are", "open", "not", "on", "Sundays.", "\n", "  "])).map(
    " ".join
)


@given(SENTENCES, SENTENCES)
def test_a_word_diff_makes_both_texts(old: str, new: str) -> None:
    pieces = word_diff(old, new)
    assert "".join(each.text for each in pieces if each.kind != "in") == old
    assert "".join(each.text for each in pieces if each.kind != "out") == new


def test_a_word_diff_keeps_what_is_the_same() -> None:
    pieces = word_diff("We are open from nine to five.", "We are open from nine to six.")
    assert [tuple(each) for each in pieces] == [
        ("same", "We are open from nine to "),
        ("out", "five."),
        ("in", "six."),
    ]
    long = "word " * 5000
    assert [each.kind for each in word_diff(long, long + "more")] == ["out", "in"], "not compared for minutes"


async def pressed_until(window: Window, name: str, most: int = 120) -> None:
    """By Tab alone."""
    for _ in range(most):
        await window.page.keyboard.press("Tab")
        focus = await window.page.evaluate(
            "(e => (e.labels?.[0]?.innerText ?? e.innerText ?? '').trim())(document.activeElement)"
        )
        if focus == name:
            return
    raise AssertionError(f"{name} is not reached by Tab")


async def test_a_correction_is_approved_by_the_keyboard_alone(ours: Customer, site: Site) -> None:
    correction = (await a_correction(ours))["correction"]
    window = await site.window(await joined(ours, "keys-review@example.com", "reviewer"))
    await window.open(f"/console/corrections/{correction}")
    assert "taken out:" in (await window.page.content())
    await pressed_until(window, "Quality")
    await window.page.keyboard.type("7")
    async with window.page.expect_navigation():
        await window.page.keyboard.press("Enter")
    assert "number of at most 5" in (await window.page.content())
    await window.page.keyboard.press("Control+A")  # the field with the error has the focus
    await window.page.keyboard.type("4.5")
    await pressed_until(window, "Approve")
    async with window.page.expect_navigation():
        await window.page.keyboard.press("Enter")
    shown = (await ours.http.get(f"/v1/bot/corrections/{correction}")).json()
    assert (shown["status"], shown["quality_score"], shown["human_response"]) == ("approved", 4.5, RIGHT)


async def test_a_deployment_is_rolled_back_by_the_keyboard_alone(ours: Customer, site: Site) -> None:
    deployment = (await a_deployment(ours))["deployment"]
    window = await site.window(await joined(ours, "keys-deploy@example.com", "engineer"))
    await window.open(f"/console/deployments/{deployment}")
    await pressed_until(window, "Roll back")
    async with window.page.expect_navigation():
        await window.page.keyboard.press("Enter")
    assert (await ours.http.get(f"/v1/deployments/{deployment}")).json()["status"] == "running", (
        "it only asked"
    )
    await pressed_until(window, "Reason")
    await window.page.keyboard.type("complaints by phone")
    await pressed_until(window, "Roll back")
    async with window.page.expect_navigation():
        await window.page.keyboard.press("Enter")
    shown = (await ours.http.get(f"/v1/deployments/{deployment}")).json()
    assert (shown["status"], shown["reason"]) == ("rolled back", "complaints by phone")
    assert window.errors == []


async def test_four_eyes_are_asked_for_and_the_refusal_is_told(ours: Customer) -> None:
    admin = await joined(ours, "four-eyes@example.com", "admin")
    await admin.sign_in()
    assert (await admin.send("/console/corrections/rules", {"four_eyes": "true"})).status_code == 303
    interaction = (await an_answer(ours))["interaction"]
    page = (await admin.http.get(f"/console/feedback/{interaction}")).text
    assert "When are you open?" in page
    form = {"human_response": RIGHT, "reason": "", "category": "missing_information"}
    made = await admin.send(f"/console/feedback/{interaction}/correct", form)
    assert made.status_code == 303, made.text
    path = made.headers["Location"].partition("?")[0]
    refused = await admin.send(f"{path}/approve", {"quality_score": "4", "category": ""})
    assert refused.status_code in (403, 422), refused.text
    assert re.search(r'class="error summary"[^>]*>[^<]*(another|somebody|else)', refused.text, re.IGNORECASE)
    other = await joined(ours, "other-eyes@example.com", "reviewer")
    await other.sign_in()
    assert (await other.send(f"{path}/approve", {"quality_score": "4", "category": ""})).status_code == 303
