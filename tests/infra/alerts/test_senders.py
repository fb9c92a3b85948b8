"""The ways to people, against doubles at the wire."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import pytest_asyncio
from standardwebhooks import Webhook

from domain.base.errors import Invalid, Refused
from domain.insight.alerts.channels import AlertChannel
from domain.insight.alerts.defaults import DEFAULTS
from domain.insight.alerts.message import AlertMessage, What
from domain.insight.alerts.status import Evidence, State
from infra.alerts.email import mail_server
from infra.alerts.senders import Senders
from tests.doubles.alerting import PagerDuty, slack
from tests.doubles.smtp import Mails, mail_double
from tests.doubles.wire import Reply, Wire, serving

SECRET = "whsec_" + "YWJj" * 8
ID, INCIDENT = UUID(int=1), UUID(int=2)
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def message(what: What = "firing", state: State = "alert") -> AlertMessage:
    rule = DEFAULTS["slow_answers"]
    evidence = Evidence(
        rule=rule, value=6.25, units=120, level=state, since=NOW - timedelta(minutes=15), until=NOW
    )
    return AlertMessage(
        what=what,
        rule="slow_answers",
        state=state,
        severity="error",
        incident=INCIDENT,
        at=NOW,
        since=NOW,
        tenant="Shop <&> Co",
        description=rule.description,
        evidence=evidence,
    )


def channel(kind: str, **settings: str) -> AlertChannel:
    secret = {"url"} if kind == "slack" else {"secret", "routing_key"}
    return AlertChannel(
        id=UUID(int=3),
        kind=kind,
        name="ops",
        settings={name: value for name, value in settings.items() if name not in secret},
        secrets={name: value.encode() for name, value in settings.items() if name in secret},
    )


@pytest_asyncio.fixture(name="wire")
async def _wire() -> AsyncIterator[Wire]:
    wire = Wire(slack)
    async with serving(wire):
        yield wire


@pytest_asyncio.fixture(name="mails")
async def _mails() -> AsyncIterator[Mails]:
    async with mail_double() as mails:
        yield mails


@pytest_asyncio.fixture(name="senders")
async def _senders(wire: Wire, mails: Mails) -> AsyncIterator[Senders]:
    mail = mail_server(f"smtp://127.0.0.1:{mails.port}", "Retrace <alerts@retrace.example>")
    senders = Senders(private=True, mail=mail, pagerduty=f"http://127.0.0.1:{wire.port}")
    yield senders
    await senders.close()


async def test_a_mail_says_all_in_a_thread_of_the_incident(senders: Senders, mails: Mails) -> None:
    to = channel("email", to="a@shop.example, b@shop.example")
    assert (await senders.send(to, message(), ID)).taken
    ((recipients, mail),) = mails.taken
    assert recipients == ["a@shop.example", "b@shop.example"]
    assert mail["Subject"] == "[ALERT] Shop <&> Co: slow_answers, 6.25 s"
    assert (mail["Message-ID"], mail["References"]) == (
        f"<{ID}@retrace.example>",
        f"<{INCIDENT}@retrace.example>",
    )
    text = mail.get_content()
    assert "p95_latency: 6.25 s (alert: more than 5 s)" in text
    assert "from 2026-11-21 11:45 UTC to 2026-11-21 12:00 UTC, 120 units" in text


@pytest.mark.parametrize(
    ("refused", "reason", "lasting"),
    [
        ({"b@shop.example": 550}, "the mail server refused 1 of 2 addresses (550)", True),
        ({"b@shop.example": 450}, "the mail server refused 1 of 2 addresses (450)", False),
        (
            {"a@shop.example": 550, "b@shop.example": 451},
            "the mail server refused 2 of 2 addresses (451, 550)",
            False,
        ),
    ],
)
async def test_a_recipient_that_is_refused_is_a_failure(
    senders: Senders, mails: Mails, refused: dict[str, int], reason: str, lasting: bool
) -> None:
    mails.refused = refused
    told = await senders.send(channel("email", to="a@shop.example,b@shop.example"), message(), ID)
    assert (told.reason, told.lasting) == (reason, lasting)


async def test_a_mail_server_that_is_busy_or_away_is_tried_again(senders: Senders, mails: Mails) -> None:
    mails.busy = 1
    to = channel("email", to="a@shop.example")
    told = await senders.send(to, message(), ID)
    assert (told.reason, told.lasting) == ("the mail server answered 451", False)
    assert (await senders.send(to, message(), ID)).taken
    away = Senders(private=True, mail=mail_server("smtp://127.0.0.1:1", "a@b.example"), pagerduty=None)
    told = await away.send(to, message(), ID)
    assert "could not be reached" in told.reason
    assert not told.lasting
    await away.close()


async def test_slack_gets_what_marks_up_escaped(senders: Senders, wire: Wire) -> None:
    to = channel("slack", url=f"http://127.0.0.1:{wire.port}/services/T/B/X")
    assert (await senders.send(to, message(), ID)).taken
    text = wire.calls[0].body["text"]
    assert text.startswith("*[ALERT] Shop &lt;&amp;&gt; Co: slow_answers, 6.25 s*\n")


@pytest.mark.parametrize(
    ("reply", "reason", "lasting"),
    [
        (Reply(status=404, body=b"no_service"), "it answered 404", True),
        (Reply(status=410, body=b"channel_is_archived"), "it answered 410", True),
        (Reply(status=500, body=b"rollup_error"), "it answered 500", False),
        (Reply(status=302, fields={"Location": "http://127.0.0.1:1/"}, body=b""), "it answered 302", True),
        (Reply(status=200, body=b"<html>sign in</html>"), "it answered 200, but not ok", False),
        (Reply(status=200, body=b'{"ok":false}'), "it answered 200, but not ok", False),
        (Reply(status=200, body=b'{"ok":true}'), "", False),
    ],
)
async def test_slack_took_it_only_where_it_says_so(
    senders: Senders, wire: Wire, reply: Reply, reason: str, lasting: bool
) -> None:
    wire.answer = lambda call: reply
    told = await senders.send(channel("slack", url=f"http://127.0.0.1:{wire.port}/x"), message(), ID)
    assert (told.reason, told.lasting) == (reason, lasting)


async def test_who_asks_for_time_gets_it(senders: Senders, wire: Wire) -> None:
    wire.answer = lambda call: Reply(status=429, fields={"Retry-After": "30"}, body=b"")
    told = await senders.send(channel("slack", url=f"http://127.0.0.1:{wire.port}/x"), message(), ID)
    assert (told.lasting, told.retry_after) == (False, timedelta(seconds=30))


async def test_pagerduty_has_one_incident_until_it_is_over(senders: Senders, wire: Wire) -> None:
    wire.answer = duty = PagerDuty()
    to = channel("pagerduty", routing_key="k" * 32)
    assert (await senders.send(to, message(), ID)).taken
    assert (await senders.send(to, message("repeated"), UUID(int=5))).taken
    assert list(duty.open) == [str(INCIDENT)]
    assert duty.open[str(INCIDENT)]["severity"] == "error"
    assert (await senders.send(to, message("resolved", "ok"), UUID(int=6))).taken
    assert duty.open == {}
    assert (await senders.send(to, message("test", "ok"), ID)).taken
    assert [action for action, _ in duty.events] == ["trigger", "trigger", "resolve", "trigger", "resolve"]
    told = await senders.send(channel("pagerduty", routing_key="short"), message(), ID)
    assert (told.reason, told.lasting) == ("it answered 400", True)


async def test_a_webhook_is_signed_as_all_are(senders: Senders, wire: Wire) -> None:
    wire.answer = lambda call: Reply(status=204, body=b"")
    to = channel("webhook", url=f"http://127.0.0.1:{wire.port}/hook", secret=SECRET)
    assert (await senders.send(to, message(), ID)).taken
    (call,) = wire.calls
    told = Webhook(SECRET).verify(call.content, call.fields)
    assert (told["type"], told["data"]["incident"], told["data"]["state"]) == (
        "alert.firing",
        str(INCIDENT),
        "alert",
    )
    assert call.fields["webhook-id"] == str(ID)
    wire.answer = lambda call: Reply(status=404, body=b"")
    assert not (await senders.send(to, message(), ID)).lasting
    wire.answer = lambda call: Reply(status=410, body=b"")
    assert (await senders.send(to, message(), ID)).lasting


BAD: list[tuple[str, dict[str, Any], str]] = [
    ("pigeon", {}, "there are email, slack, pagerduty, webhook"),
    ("email", {}, "email needs the setting to"),
    ("email", {"to": "nobody"}, "in ASCII"),
    ("email", {"to": "a@b.example\r\nBcc: c@d.example"}, "in ASCII"),
    ("email", {"to": ","}, "1 to 20"),
    ("email", {"to": "a@b.example", "cc": "x"}, "no setting 'cc'"),
    ("slack", {"url": "hooks.slack.com"}, "url is an address"),
    ("slack", {"url": "https://user:word@hooks.slack.com/x"}, "url is an address"),
    ("pagerduty", {"routing_key": "abc"}, "32 letters and digits"),
    ("pagerduty", {"routing_key": "a" * 32, "region": "moon"}, "region is one of us, eu"),
    ("webhook", {"url": "https://shop.example.com/x"}, "needs the setting secret"),
    ("webhook", {"url": "https://shop.example.com/x", "secret": "short"}, "base64 of 24 to 64 bytes"),
]


@pytest.mark.parametrize(("kind", "given", "says"), BAD)
async def test_what_cannot_work_is_refused_and_no_secret_is_told(
    senders: Senders, kind: str, given: dict[str, str], says: str
) -> None:
    with pytest.raises(Invalid, match=says) as error:
        await senders.check(kind, given, ())
    assert "word" not in error.value.detail.replace("password", "")


async def test_secrets_are_apart_and_may_stay_as_they_are(senders: Senders) -> None:
    checked = await senders.check("webhook", {"url": "https://shop.example.com/x", "secret": SECRET}, ())
    assert checked.settings == {"url": "https://shop.example.com/x"}
    assert checked.secrets == {"secret": SECRET.encode()}
    assert SECRET not in repr(checked)
    again = await senders.check("webhook", {"url": "https://shop.example.com/y"}, {"secret"})
    assert again.secrets == {}


async def test_a_deployment_says_what_it_does_not_do() -> None:
    guarded = Senders(private=False, mail=None, pagerduty=None)
    with pytest.raises(Refused, match="RETRACE_SMTP_URL"):
        await guarded.check("email", {"to": "a@b.example"}, ())
    with pytest.raises(Refused, match="https://"):
        await guarded.check("slack", {"url": "http://hooks.slack.com/x"}, ())
    with pytest.raises(Refused, match="private network"):
        await guarded.check("webhook", {"url": "https://127.0.0.1/x", "secret": SECRET}, ())
    told = await guarded.send(channel("slack", url="https://127.0.0.1/x"), message(), ID)
    assert "private network" in told.reason
    await guarded.close()
