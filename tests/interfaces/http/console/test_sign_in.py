"""The console's door: invitation, sign-in, sessions, and what is refused there."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser
from typing import Any
from uuid import uuid4

import httpx
import msgspec
import pytest

from interfaces.asgi import create_app
from interfaces.bootstrap import Services
from tests.interfaces.http.conftest import Customer
from tests.interfaces.http.console.people import PASSWORD, SITE, Person, accepted, browser, invited, joined


async def test_an_invitation_is_accepted_and_its_password_opens_the_console(ours: Customer) -> None:
    id, link = await invited(ours, "ann@example.com", "agent")
    http = browser(ours.http._transport)
    shown = await http.get(link)
    assert shown.status_code == 200
    assert "Welcome, Ann" in shown.text
    assert "Ours" in shown.text
    done = await accepted(http, link)
    assert (done.status_code, done.headers["Location"]) == (303, "/console/sign-in?accepted=1")
    form = await http.get(done.headers["Location"])
    assert "Your password is set" in form.text
    assert f'value="{ours.tenant}"' in form.text, "the browser remembers the tenant"
    ann = Person(ours.tenant, id, "ann@example.com", http)
    inside = await ann.sign_in()
    assert (inside.status_code, inside.headers["Location"]) == (303, "/console")
    cookie = inside.headers.get_list("set-cookie")[0]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    home = await http.get("/console")
    assert "Ann" in home.text
    assert "conversations:read" in home.text
    assert "tenants:admin" not in home.text


async def test_nobody_is_in_without_a_session(ours: Customer, anyone: httpx.AsyncClient) -> None:
    reply = await anyone.get("/console")
    assert (reply.status_code, reply.headers["Location"]) == (303, "/console/sign-in")
    ann = await joined(ours, "nobody@example.com", "admin")
    await ann.sign_in()
    text = ann.http.cookies["retrace"]
    for wrong in ("", "rts_", text[:-1] + ("A" if text[-1] != "A" else "B"), text[:30], f"rts_{uuid4().hex}"):
        reply = await anyone.get("/console", headers={"Cookie": f"retrace={wrong}"})
        assert reply.status_code == 303
    api = await ann.http.get("/v1/operators")
    assert api.status_code == 401, "a session opens nothing below /v1"


async def test_an_invitation_that_was_used_replaced_or_made_up_says_what_to_do(ours: Customer) -> None:
    http = browser(ours.http._transport)
    id, link = await invited(ours, "link@example.com")
    newer = (await ours.http.post(f"/v1/operators/{id}/link")).json()["link"]
    for old in (link, "/console/accept", "/console/accept?token=rtl_abc", link[:-4] + "AAAA"):
        reply = await http.get(old)
        assert reply.status_code == 422
        assert "ask an administrator for a new one" in reply.text
    assert (await accepted(http, newer)).status_code == 303
    assert (await accepted(http, newer)).status_code == 422


async def test_an_invitation_expires(ours: Customer, parts: Services) -> None:
    _, link = await invited(ours, "late@example.com")
    later = replace(parts, clock=lambda: parts.clock() + timedelta(hours=73))
    http = browser(httpx.ASGITransport(create_app(later)))
    assert (await http.get(link)).status_code == 422
    assert (await accepted(http, link)).status_code == 422
    assert (await accepted(browser(ours.http._transport), link)).status_code == 303


async def test_of_several_who_accept_at_once_one_does(ours: Customer) -> None:
    id, link = await invited(ours, "both@example.com")
    words = [f"my very own words {number}" for number in range(3)]
    replies = await asyncio.gather(*(accepted(browser(ours.http._transport), link, each) for each in words))
    assert sorted(reply.status_code for reply in replies) == [303, 422, 422]
    (won,) = [each for each, reply in zip(words, replies, strict=True) if reply.status_code == 303]
    ann = Person(ours.tenant, id, "both@example.com", browser(ours.http._transport))
    assert [(await ann.sign_in(each)).status_code for each in words] == [
        303 if each == won else 401 for each in words
    ]


@pytest.mark.parametrize(
    ("form", "field"),
    [({"password": "short", "again": "short"}, "password"), ({"again": "another password"}, "again")],
)
async def test_a_password_that_is_none_is_told_at_its_field(
    ours: Customer, form: dict[str, str], field: str
) -> None:
    _, link = await invited(ours, f"{field}-field@example.com")
    sent = {"token": link.partition("token=")[2], "password": PASSWORD, "again": PASSWORD, **form}
    reply = await browser(ours.http._transport).post("/console/accept", data=sent)
    assert reply.status_code == 400
    tag = re.search(rf'<input id="{field}"[^>]*>', reply.text)
    assert tag is not None
    assert 'aria-invalid="true"' in tag[0]
    assert f'aria-describedby="{field}-error' in tag[0]
    assert PASSWORD not in reply.text


async def test_whatever_is_wrong_the_answer_is_the_same(ours: Customer, theirs: Customer) -> None:
    ann = await joined(ours, "same@example.com")
    await invited(ours, "same-invited@example.com")
    suspended = await joined(ours, "same-suspended@example.com")
    await ours.http.post(f"/v1/operators/{suspended.id}/suspend")
    told = set()
    for tenant, email, password in (
        (ours.tenant, ann.email, "wrong words entirely"),
        (ours.tenant, ann.email, ""),
        (ours.tenant, "nobody-here@example.com", PASSWORD),
        (ours.tenant, "same-invited@example.com", PASSWORD),
        (ours.tenant, suspended.email, PASSWORD),
        (theirs.tenant, ann.email, PASSWORD),
        (uuid4(), ann.email, PASSWORD),
    ):
        form = {"tenant": str(tenant), "email": email, "password": password}
        reply = await browser(ours.http._transport).post("/console/sign-in", data=form)
        assert reply.status_code == 401
        told.add(reply.text.replace(str(tenant), "TENANT").replace(email, "EMAIL"))
        assert "set-cookie" not in reply.headers
    assert len(told) == 1
    none = await browser(ours.http._transport).post("/console/sign-in", data={"tenant": "shop"})
    assert none.status_code == 400
    assert "This is no tenant" in none.text


async def test_a_session_is_never_one_that_was_there_before(ours: Customer) -> None:
    """Session fixation: a cookie that somebody planted is not taken over, nor is one from before."""
    ann = await joined(ours, "fixed@example.com")
    eve = await joined(ours, "eve@example.com")
    await eve.sign_in()
    planted = eve.http.cookies["retrace"]
    ann.http.cookies.set("retrace", planted, domain="retrace.local")
    reply = await ann.http.post(
        "/console/sign-in",
        data={"tenant": str(ours.tenant), "email": ann.email, "password": PASSWORD},
        headers={"Cookie": f"retrace={planted}"},
    )
    first = reply.headers["set-cookie"].partition("retrace=")[2].partition(";")[0]
    second = (await ann.sign_in()).headers["set-cookie"].partition("retrace=")[2].partition(";")[0]
    assert len({planted, first, second}) == 3
    shown = await browser(ours.http._transport).get("/console", headers={"Cookie": f"retrace={planted}"})
    assert "Eve" in shown.text


async def test_a_form_that_another_site_sends_is_403(ours: Customer) -> None:
    ann = await joined(ours, "forged@example.com", "admin")
    assert (await ann.sign_in()).status_code == 303
    token = await ann.csrf()
    cookie = {"Cookie": f"retrace={ann.http.cookies['retrace']}"}
    async with httpx.AsyncClient(transport=ours.http._transport, base_url="http://retrace") as http:
        for headers in (
            {},
            {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"},
            {"Sec-Fetch-Site": "same-site", "Origin": "http://evil.retrace"},
            {"Sec-Fetch-Site": "same-origin", "Origin": "https://evil.example"},
            {"Origin": "null"},
            {"Origin": "http://retrace.evil.example"},
        ):
            reply = await http.post("/console/sign-out", data={"csrf": token}, headers={**headers, **cookie})
            assert reply.status_code == 403, headers
            login = {"tenant": str(ours.tenant), "email": ann.email, "password": PASSWORD}
            assert (await http.post("/console/sign-in", data=login, headers=headers)).status_code == 403
        bob = await joined(ours, "forged-bob@example.com")
        await bob.sign_in()
        for form in (
            {"other": "x"},
            {"csrf": ""},
            {"csrf": "é"},
            {"csrf": token[:-1]},
            {"csrf": await bob.csrf()},
        ):
            reply = await http.post("/console/sign-out", data=form, headers={**SITE, **cookie})
            assert reply.status_code == 403, form
            assert "open the page again" in reply.text
        reply = await http.post("/console/sign-out", json={"csrf": token}, headers={**SITE, **cookie})
        assert reply.status_code == 415
        assert await ann.inside()
        reply = await http.post(
            "/console/sign-out", data={"csrf": token}, headers={"Origin": "http://retrace", **cookie}
        )
        assert reply.status_code == 303, "a browser that says no more than Origin"
    assert not await ann.inside()


async def test_signing_out_ends_one_session_and_a_change_of_roles_all(ours: Customer) -> None:
    ann = await joined(ours, "several@example.com", "agent")
    other = ann.browser()
    for each in (ann, other):
        await each.sign_in()
    assert (await ann.send("/console/sign-out")).status_code == 303
    assert [await ann.inside(), await other.inside()] == [False, True]
    await ann.sign_in()
    await ours.http.put(f"/v1/operators/{ann.id}/roles", json={"roles": ["agent"]})
    assert [await ann.inside(), await other.inside()] == [True, True], "nothing was changed"
    await ours.http.put(f"/v1/operators/{ann.id}/roles", json={"roles": ["auditor"]})
    assert [await ann.inside(), await other.inside()] == [False, False]
    await ann.sign_in()
    assert "audit:read" in (await ann.http.get("/console")).text


@pytest.mark.parametrize("act", ["suspend", "link", "remove"])
async def test_what_an_administrator_ends_is_over_at_once_in_other_processes_too(
    ours: Customer, parts: Services, act: str
) -> None:
    ann = await joined(ours, f"{act}-elsewhere@example.com")
    await ann.sign_in()
    elsewhere = replace(parts, ids=parts.ids)
    there = browser(httpx.ASGITransport(create_app(elsewhere)))
    there.cookies = ann.http.cookies
    assert (await there.get("/console")).status_code == 200
    at = f"/v1/operators/{ann.id}"
    if act == "suspend":
        assert (await ours.http.post(f"{at}/suspend")).status_code == 200
    elif act == "remove":
        assert (await ours.http.delete(at)).status_code == 204
    else:
        link = (await ours.http.post(f"{at}/link")).json()["link"]
        token = link.partition("token=")[2]
        assert (
            await accepted(browser(ours.http._transport), f"?token={token}", "other words now")
        ).status_code == 303
    assert (await there.get("/console")).status_code == 303


async def test_an_administrator_sees_sessions_and_ends_one(ours: Customer) -> None:
    ann = await joined(ours, "revoked@example.com")
    await ann.sign_in()
    at = f"/v1/operators/{ann.id}/sessions"
    (session,) = (await ours.http.get(at)).json()
    assert session["began_at"] == session["last_used_at"]
    assert (await ours.http.delete(f"{at}/{session['id']}")).status_code == 204
    assert not await ann.inside()
    assert (await ours.http.get(at)).json() == []
    assert (await ours.http.delete(f"{at}/{session['id']}")).status_code == 404


async def test_a_session_ends_when_idle_and_at_the_latest_after_its_time(
    ours: Customer, parts: Services
) -> None:
    ann = await joined(ours, "idle@example.com")
    await ann.sign_in()

    ahead = timedelta()
    later = replace(parts, clock=lambda: parts.clock() + ahead)
    http = browser(httpx.ASGITransport(create_app(later)))

    async def after(**time: float) -> int:
        nonlocal ahead
        ahead, http.cookies = timedelta(**time), ann.http.cookies  # they are taken away where it has ended
        return (await http.get("/console")).status_code

    assert await after(minutes=31) == 303
    for minutes in range(25, 12 * 60, 25):  # used again and again
        assert await after(minutes=minutes) == 200
    assert await after(hours=12) == 303


async def test_a_suspended_tenants_operators_are_out(app: Any, parts: Services) -> None:
    from application.tenancy.tenant import resume_tenant, suspend_tenant
    from domain.base.context import Context
    from tests.interfaces.http.conftest import customer_of

    shop = await customer_of(app, parts, "Shut")
    ann = await joined(shop, "ann@example.com", "admin")
    await ann.sign_in()
    about = Context(tenant=shop.tenant, actor="operator:test", correlation=uuid4())
    await suspend_tenant(None, about, store=parts.store, clock=parts.clock)
    assert (await ann.http.get("/console")).status_code == 403
    assert (await ann.browser().sign_in()).status_code == 401
    await resume_tenant(about, store=parts.store, clock=parts.clock)
    assert await ann.inside()


async def test_many_attempts_are_slowed_and_strangers_keep_nobody_out(
    ours: Customer, parts: Services
) -> None:
    settings = msgspec.structs.replace(parts.settings, rate_sign_ins_per_account=3)
    slow = httpx.ASGITransport(create_app(replace(parts, settings=settings)))
    ann = await joined(ours, f"brute-{uuid4().hex[:8]}@example.com")
    ann.http = browser(slow)
    assert (await ann.sign_in()).status_code == 303  # from now on the browser is known
    stranger = Person(ann.tenant, ann.id, ann.email, browser(slow))
    replies = [await stranger.sign_in(f"guessed words {number}") for number in range(4)]
    assert [reply.status_code for reply in replies] == [401, 401, 429, 429]
    assert 0 < int(replies[-1].headers["Retry-After"]) <= 20
    assert "too many attempts" in replies[-1].text.lower()
    assert (await stranger.sign_in()).status_code == 429, "not even with the right one"
    assert (await ann.sign_in()).status_code == 303, "who was here before is not kept out"
    forged = ann.browser()
    forged.http = browser(slow)
    forged.http.cookies.set("retrace-known", f"{ann.tenant}.{'A' * 33}")
    assert (await forged.sign_in()).status_code == 429
    nobody = Person(ann.tenant, ann.id, f"{uuid4().hex}@example.com", browser(slow))
    assert [(await nobody.sign_in("guessed words")).status_code for _ in range(4)] == [401, 401, 401, 429]


async def test_attempts_from_one_address_are_slowed_whatever_account_they_name(parts: Services) -> None:
    settings = msgspec.structs.replace(parts.settings, rate_sign_ins_per_address=2)
    http = browser(
        httpx.ASGITransport(create_app(replace(parts, settings=settings)), client=("192.0.2.7", 9))
    )
    statuses = []
    for _ in range(3):
        form = {"tenant": str(uuid4()), "email": f"{uuid4().hex}@example.com", "password": PASSWORD}
        statuses.append((await http.post("/console/sign-in", data=form)).status_code)
    assert statuses == [401, 401, 429]


async def test_under_https_the_cookie_is_of_this_host_alone(ours: Customer, parts: Services) -> None:
    settings = msgspec.structs.replace(parts.settings, public_url="https://service.example/api")
    transport = httpx.ASGITransport(create_app(replace(parts, settings=settings)))
    ann = await joined(ours, "https@example.com")
    ann.http = browser(transport)
    ann.http.headers["Origin"] = "https://service.example"
    reply = await ann.sign_in()
    assert reply.headers["Location"] == "/api/console"
    for cookie in reply.headers.get_list("set-cookie"):
        assert cookie.startswith("__Host-retrace")
        assert "Secure" in cookie
        assert "Path=/;" in cookie
        assert "omain" not in cookie
    assert 'action="/api/console/sign-in"' in (await ann.http.get("/console/sign-in")).text


class Parsed(HTMLParser):
    """What a page has of tags, with their attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


async def test_pages_run_no_inline_script_load_nothing_from_elsewhere_and_label_their_fields(
    ours: Customer,
) -> None:
    _, link = await invited(ours, "<b>bold</b>@example.com".replace("<b>bold</b>", "bold"))
    ann = await joined(ours, "policy@example.com")
    await ann.sign_in()
    for path in ("/console/sign-in", link, "/console", "/console/nowhere-scoped"):
        reply = await ann.http.get(path)
        if path.endswith("scoped"):
            assert reply.status_code == 404
            continue
        policy = reply.headers["Content-Security-Policy"]
        assert reply.headers["Content-Type"] == "text/html; charset=utf-8"
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert reply.headers["Cache-Control"] == "no-store"
        assert reply.headers["Referrer-Policy"] == "same-origin"
        tags = Parsed(reply.text).tags
        assert ("html", {"lang": "en"}) in tags
        labels = {attrs.get("for") for tag, attrs in tags if tag == "label"}
        for tag, attrs in tags:
            assert tag != "style"
            assert tag != "script" or "src" in attrs, "no inline one"
            assert not any(name.startswith("on") or name == "style" for name in attrs)
            assert (attrs.get("href") or attrs.get("src") or "/").startswith(("/", "#"))
            if tag == "input" and attrs.get("type") != "hidden":
                assert attrs["id"] in labels
        assert sum(tag == "h1" for tag, _ in tags) == 1


async def test_a_name_is_a_text_and_no_markup(ours: Customer) -> None:
    body = {"email": "markup@example.com", "name": '<img src=x onerror="alert(1)">', "roles": ["agent"]}
    made = (await ours.http.post("/v1/operators", json=body)).json()
    http = browser(ours.http._transport)
    shown = await http.get("/console/accept?token=" + made["link"].partition("token=")[2])
    assert "&lt;img src=x" in shown.text
    assert "<img" not in shown.text
