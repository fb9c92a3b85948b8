from __future__ import annotations

from typing import Any
from uuid import uuid4

import msgspec
import pytest

from domain.base.errors import Invalid, NotFound
from domain.channels.channels import ACCOUNTS, Channels
from domain.channels.twilio import Template, TwilioAccount
from tests.domain.given import NOW, when

SID = "AC" + "a" * 32
TOKEN = b"token-0123456789-canary"
REOPEN = Template(content="HX" + "b" * 32, language="en", approved=True)


def account(**changes: Any) -> TwilioAccount:
    facts: dict[str, Any] = {"account": SID, "token": TOKEN, "set_at": NOW}
    return TwilioAccount(**facts | changes)


def channels() -> Channels:
    return Channels.begin(uuid4(), NOW)


def test_an_account_is_set_changed_and_removed() -> None:
    found = channels()
    assert len(when(found, lambda: found.set_twilio(account(senders=("whatsapp:+14155238886",)), NOW))) == 1
    assert found.state.twilio[SID].senders == ("whatsapp:+14155238886",)
    changed = account(senders=("whatsapp:+14155238886",), next_token=b"next-0123456789")
    assert len(when(found, lambda: found.set_twilio(changed, NOW))) == 1
    assert found.state.twilio[SID].tokens == (TOKEN.decode(), "next-0123456789")
    assert when(found, lambda: found.set_twilio(changed, NOW)) == []
    assert len(when(found, lambda: found.remove_twilio(SID, NOW))) == 1
    assert found.state.twilio == {}
    with pytest.raises(NotFound):
        found.remove_twilio(SID, NOW)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"account": "AC1"}, "SID"),
        ({"token": b"short"}, "auth token"),
        ({"token": "tökenö-tökenö".encode()}, "auth token"),
        ({"next_token": TOKEN}, "present token"),
        ({"senders": ("+1 415",)}, "address"),
        ({"senders": ("whatsapp:+1555", "whatsapp:+1555")}, "twice"),
        ({"messaging_service": "MG1"}, "messaging service"),
        ({"messages_per_second": 0}, "messages_per_second"),
        ({"templates": {"Big Name": REOPEN}}, "name"),
        ({"templates": {"a": msgspec.structs.replace(REOPEN, content="HX1")}}, "Content SID"),
        ({"templates": {"a": msgspec.structs.replace(REOPEN, language="English please")}}, "language"),
        ({"outside_window": "template"}, "window_template"),
        ({"window_template": "a", "templates": {"b": REOPEN}}, "there are: b"),
        (
            {"window_template": "a", "templates": {"a": msgspec.structs.replace(REOPEN, approved=False)}},
            "approved",
        ),
    ],
)
def test_what_can_not_be_is_refused_and_says_why_without_a_token(changes: dict[str, Any], why: str) -> None:
    found = channels()
    with pytest.raises(Invalid, match=why) as refused:
        found.set_twilio(account(**changes), NOW)
    assert TOKEN.decode() not in str(refused.value)


def test_two_accounts_do_not_share_a_sender_and_there_are_not_too_many() -> None:
    found = channels()
    for number in range(ACCOUNTS):
        sid = f"AC{number:032d}"
        found.set_twilio(account(account=sid, senders=(f"whatsapp:+1555{number:06d}",)), NOW)
    with pytest.raises(Invalid, match="already"):
        found.set_twilio(account(account=f"AC{1:032d}", senders=("whatsapp:+1555000000",)), NOW)
    with pytest.raises(Invalid, match="at most"):
        found.set_twilio(account(), NOW)


def test_no_text_of_an_account_holds_its_token() -> None:
    found = account(next_token=b"next-0123456789")
    event = Channels.TwilioSet(account=found)
    for text in (repr(found), str(found), repr(event), str(event)):
        assert TOKEN.decode() not in text
        assert "next-0123456789" not in text
