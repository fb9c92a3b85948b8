"""Forms as they stand in a body."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode

from hypothesis import given
from hypothesis import strategies as st

from application.ports import Webhook
from domain.channels.channels import ChannelsState
from infra.twilio.webhooks import FIELDS, TwilioWebhooks, _of_form

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)


@given(st.lists(st.tuples(TEXTS, TEXTS), max_size=12))
def test_a_form_is_read_as_it_was_written(pairs: list[tuple[str, str]]) -> None:
    named = [(name, value) for name, value in pairs if name or value]
    assert _of_form(urlencode(named)) == parse_qsl(urlencode(named), keep_blank_values=True)


def test_what_is_no_form_is_nobodys() -> None:
    reader = TwilioWebhooks("https://service.example")
    for body in (b"", b"%ff=%fe", b"\xff", b"a=b&" * (FIELDS + 1), b"AccountSid", b"AccountSid=AC1"):
        for content_type in ("application/x-www-form-urlencoded", "application/json"):
            webhook = Webhook(target="/a", content_type=content_type, headers={}, body=body)
            opened = reader.open(webhook, ChannelsState())
            assert (opened.account, opened.authentic, opened.incoming) == (None, False, None)
