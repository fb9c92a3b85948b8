"""An operator's own account: password, one-time codes, sessions elsewhere."""

from __future__ import annotations

import base64
import re
from dataclasses import replace
from typing import Any

import httpx
import msgspec
import pytest

from domain.operators.totp import code_of, step_at
from interfaces.asgi import create_app
from interfaces.bootstrap import Services
from tests.interfaces.http.conftest import Customer
from tests.interfaces.http.console.people import PASSWORD, Person, browser, joined

NEW = "other words from now on"


def cookie_of(person: Person) -> str:
    return person.http.cookies["retrace"]


async def enrolled(person: Person, parts: Services) -> tuple[bytes, int, list[str]]:
    """With codes on; the secret, the time step whose code was given, and the recovery codes."""
    text = (await person.http.get("/console/account")).text
    found = re.search(r'name="secret" value="([A-Z2-7]+)"', text)
    assert found is not None
    assert f"secret={found[1]}" in text
    secret, step = base64.b32decode(found[1]), step_at(parts.clock())
    form = {"secret": found[1], "code": code_of(secret, step), "current": PASSWORD}
    reply = await person.send("/console/account/codes", form)
    assert "codes are on" in reply.text, reply.text
    codes = re.findall(r"<code>([A-Z2-7]{4}(?:-[A-Z2-7]{4}){3})</code>", reply.text)
    assert len(set(codes)) == 10
    return secret, step, codes


async def test_a_new_password_ends_other_sessions_and_renews_this_one(ours: Customer) -> None:
    ann = await joined(ours, "newword@example.com")
    other = ann.browser()
    await ann.sign_in()
    await other.sign_in()
    before = cookie_of(ann)
    changed = await ann.send("/console/account/password", {"current": PASSWORD, "new": NEW, "again": NEW})
    assert changed.status_code == 303
    assert cookie_of(ann) != before
    assert [await ann.inside(), await other.inside()] == [True, False]
    old = await browser(ours.http._transport).get("/console", headers={"Cookie": f"retrace={before}"})
    assert old.status_code == 303
    assert [(await other.sign_in(word)).status_code for word in (PASSWORD, NEW)] == [401, 303]


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({"current": "not this one at all", "new": NEW, "again": NEW}, "current"),
        ({"current": PASSWORD, "new": "short", "again": "short"}, "new"),
        ({"current": PASSWORD, "new": NEW, "again": PASSWORD}, "again"),
    ],
)
async def test_what_is_wrong_is_told_at_its_field(ours: Customer, form: dict[str, str], field: str) -> None:
    ann = await joined(ours, f"account-{field}@example.com")
    await ann.sign_in()
    reply = await ann.send("/console/account/password", form)
    assert reply.status_code == 400
    tag = re.search(rf'<input id="{field}"[^>]*>', reply.text)
    assert tag is not None
    assert 'aria-invalid="true"' in tag[0]
    assert reply.text.count("aria-invalid") == 1
    assert await ann.inside()


async def test_a_code_is_asked_for_once_codes_are_on_and_taken_once(ours: Customer, parts: Services) -> None:
    ann = await joined(ours, "codes@example.com")
    other = ann.browser()
    await ann.sign_in()
    await other.sign_in()
    before = cookie_of(ann)
    secret, step, recovery = await enrolled(ann, parts)
    assert cookie_of(ann) != before
    assert [await ann.inside(), await other.inside()] == [True, False]
    assert (await ours.http.get(f"/v1/operators/{ann.id}")).json()["totp"] is True
    for code in ("", code_of(secret, step), "000000", code_of(secret, step + 9)):
        assert (await ann.browser().sign_in(code=code)).status_code == 401
    good = code_of(secret, max(step_at(parts.clock()), step + 1))
    assert (await ann.browser().sign_in(NEW, code=good)).status_code == 401
    assert (await ann.browser().sign_in(code=good)).status_code == 303
    replayed = ann.browser()
    assert (await replayed.sign_in(code=good)).status_code == 401, "a code that somebody has watched"
    assert (await replayed.sign_in(code=recovery[0].lower())).status_code == 303
    assert (await replayed.sign_in(code=recovery[0])).status_code == 401
    assert "codes that are left: 9" in (await replayed.http.get("/console/account")).text


async def test_codes_go_off_by_the_password_or_by_an_administrator(ours: Customer, parts: Services) -> None:
    ann = await joined(ours, "off@example.com")
    await ann.sign_in()
    await enrolled(ann, parts)
    wrong = await ann.send("/console/account/codes/off", {"current": NEW})
    assert (wrong.status_code, "not your password" in wrong.text) == (400, True)
    assert (await ann.send("/console/account/codes/off", {"current": PASSWORD})).status_code == 303
    assert (await ann.sign_in()).status_code == 303
    await enrolled(ann, parts)
    assert (await ours.http.delete(f"/v1/operators/{ann.id}/totp")).json()["totp"] is False
    assert not await ann.inside()
    assert (await ann.sign_in()).status_code == 303


async def test_codes_go_on_only_with_a_code_of_the_key_and_the_password(ours: Customer) -> None:
    ann = await joined(ours, "on@example.com")
    await ann.sign_in()
    secret = base64.b32encode(b"1" * 20).decode()
    for form in (
        {"secret": secret, "code": "123456", "current": PASSWORD},
        {"secret": "AAAA", "code": "123456", "current": PASSWORD},
        {"secret": "not base 32", "code": "123456", "current": PASSWORD},
        {"secret": secret, "code": "123456", "current": NEW},
    ):
        assert (await ann.send("/console/account/codes", form)).status_code == 400
    assert (await ann.browser().sign_in()).status_code == 303


async def test_who_sits_at_an_open_browser_guesses_no_password(ours: Customer, parts: Services) -> None:
    ann = await joined(ours, "guess@example.com")
    await ann.sign_in()
    settings = msgspec.structs.replace(parts.settings, rate_sign_ins_per_account=2)
    there = ann.browser()
    there.http = browser(httpx.ASGITransport(create_app(replace(parts, settings=settings))))
    there.http.cookies = ann.http.cookies
    form: dict[str, Any] = {"new": NEW, "again": NEW}
    told = [
        (await there.send("/console/account/password", {**form, "current": f"guess {number}"})).text
        for number in range(3)
    ]
    assert ["Too many attempts" in text for text in told] == [False, False, True]


async def test_a_session_elsewhere_is_ended_by_its_owner(ours: Customer) -> None:
    ann = await joined(ours, "elsewhere@example.com")
    other = ann.browser()
    await other.sign_in()
    await ann.sign_in()
    text = (await ann.http.get("/console/account")).text
    (session,) = re.findall(r'name="session" value="([0-9a-f]+)"', text)
    eve = await joined(ours, "elsewhere-eve@example.com")
    await eve.sign_in()
    assert (await eve.send("/console/account/sessions/end", {"session": session})).status_code == 303
    assert await other.inside(), "another operator's session is none of hers"
    assert (await ann.send("/console/account/sessions/end", {"session": session})).status_code == 303
    assert [await ann.inside(), await other.inside()] == [True, False]
