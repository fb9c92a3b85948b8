"""Twilio's webhooks, form and JSON. Implements `application.ports.WebhookReader`."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import unquote_plus

import msgspec

from application.ports import Opened, Webhook
from domain.channels.channels import ChannelsState
from infra.twilio.incoming import parse
from infra.twilio.signature import SETTINGS, SIGNATURE, authentic

FIELDS = 1000
"""Parameters of one request, at most: Twilio sends some thirty."""

JSON = "application/json"


class TwilioWebhooks:
    """`public`: the address at which Twilio reaches the HTTP API, without a slash at its end. What a request says of its own host proves
    nothing: a proxy may write it, and so may anybody else."""

    def __init__(self, public: str) -> None:
        self._public = public

    def open(self, webhook: Webhook, channels: ChannelsState) -> Opened:
        pairs = _pairs(webhook)
        if pairs is None:
            return Opened(account=None, authentic=False, incoming=None)
        said = next((value for name, value in pairs if name == "AccountSid"), None)
        account = channels.twilio.get(said or "")
        if account is None:
            return Opened(account=None, authentic=False, incoming=None)
        good = authentic(
            account.tokens,
            self._public + webhook.target,
            None if webhook.content_type == JSON else pairs,
            webhook.body,
            webhook.headers.get(SIGNATURE, ""),
            webhook.headers.get(SETTINGS, ""),
        )
        return Opened(account=account.account, authentic=good, incoming=parse(pairs))


def _pairs(webhook: Webhook) -> Sequence[tuple[str, str]] | None:
    """The parameters as they were sent; None where there are none to be had."""
    try:
        if webhook.content_type == JSON:
            return _of_json(webhook.body)
        return _of_form(webhook.body.decode())
    except (ValueError, RecursionError, msgspec.DecodeError):
        return None


def _of_form(text: str) -> Sequence[tuple[str, str]]:
    """As `urllib.parse.parse_qsl` with blank values, in a third of its time. Raises ValueError, UnicodeError among them."""
    fields = text.split("&", FIELDS)
    if len(fields) > FIELDS:
        raise ValueError("too many fields")
    pairs = [field.partition("=") for field in fields if field]
    return [(_unquoted(name), _unquoted(value)) for name, _, value in pairs]


def _unquoted(text: str) -> str:
    return unquote_plus(text, errors="strict") if "%" in text or "+" in text else text


def _of_json(body: bytes) -> Sequence[tuple[str, str]] | None:
    found = msgspec.json.decode(body)
    if not isinstance(found, dict) or len(found) > FIELDS:
        return None
    return [(name, _text(value)) for name, value in found.items()]


def _text(value: object) -> str:
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()
