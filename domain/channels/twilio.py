"""A tenant's account at Twilio: what its webhooks are checked with, what its messages go out by."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Literal

import msgspec

from domain.base.errors import Invalid
from domain.conversations.messages import Use

ACCOUNT = re.compile(r"AC[0-9a-fA-F]{32}")
SERVICE = re.compile(r"MG[0-9a-fA-F]{32}")
CONTENT = re.compile(r"HX[0-9a-fA-F]{32}")
SENDER = re.compile(r"(?:[a-z]{2,20}:)?[!-~]{3,150}")
"""As Twilio writes addresses: `whatsapp:+14155238886`."""

TEMPLATE = re.compile(r"[a-z0-9][a-z0-9_.-]{0,99}")
TOKEN = re.compile(r"[!-~]{8,200}")
LANGUAGE = re.compile(r"[a-zA-Z]{2,3}(?:[_-][a-zA-Z0-9]{2,8})*")
MOST = 200
"""Senders of an account, and templates."""


class Template(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Of the channel: a text that may go out at any time once it is approved. `content`: its Content SID."""

    content: str
    language: str
    approved: bool = False


class TwilioAccount(msgspec.Struct, frozen=True, kw_only=True):
    """`token` signs its webhooks, and `next_token` too, while it is being rotated. Both are kept as bytes, which no state, event or export
    shows.

    `senders`: our addresses; `messages_per_second`: of each of them. `outside_window`: what becomes of an answer that is due when the
    customer's 24 hours are over: `template`, the one that `window_template` names, or a refusal. `unknown_fate`: of a message of which
    nobody tells whether it was sent: it is sent again, or an operator is asked. `check`: whether webhooks whose signature is wrong are
    refused, or let in and counted.
    """

    account: str
    token: bytes
    next_token: bytes | None = None
    senders: tuple[str, ...] = ()
    messaging_service: str | None = None
    templates: dict[str, Template] = {}
    outside_window: Literal["template", "refuse"] = "refuse"
    window_template: str | None = None
    unknown_fate: Literal["resend", "operator"] = "operator"
    check: Literal["enforce", "observe"] = "enforce"
    use: Use = "tenant_only"
    messages_per_second: int = 80
    set_at: datetime

    @property
    def tokens(self) -> tuple[str, ...]:
        """Those whose signatures count."""
        return tuple(token.decode() for token in (self.token, self.next_token) if token is not None)

    def __repr__(self) -> str:
        return f"TwilioAccount(account={self.account!r}, senders={self.senders!r})"


def check_account(account: TwilioAccount) -> None:
    """Raises Invalid, whose text holds no token."""
    if not ACCOUNT.fullmatch(account.account):
        raise Invalid("an account's SID is AC and 32 hexadecimal digits; Twilio's console shows it")
    for token in account.tokens:
        if not TOKEN.fullmatch(token):
            raise Invalid("an auth token has 8 to 200 visible ASCII characters")
    if account.next_token == account.token:
        raise Invalid("next_auth_token is the present token; give the new one, or leave it out")
    if len(account.senders) > MOST or len(account.templates) > MOST:
        raise Invalid(f"an account has at most {MOST} senders and {MOST} templates")
    for sender in account.senders:
        if not SENDER.fullmatch(sender):
            raise Invalid(f"{sender[:60]!r} is no address of Twilio's; write it as whatsapp:+14155238886")
    if len(set(account.senders)) != len(account.senders):
        raise Invalid("a sender stands here twice; give each once")
    if account.messaging_service is not None and not SERVICE.fullmatch(account.messaging_service):
        raise Invalid("a messaging service's SID is MG and 32 hexadecimal digits")
    if not 1 <= account.messages_per_second <= 1000:
        raise Invalid("messages_per_second is 1 to 1000; a WhatsApp sender has 80 unless Twilio says more")
    for name, template in account.templates.items():
        _check_template(name, template)
    if account.outside_window == "template" or account.window_template is not None:
        _check_window(account)


def _check_template(name: str, template: Template) -> None:
    if not TEMPLATE.fullmatch(name):
        raise Invalid(
            f"{name[:60]!r} is no name of a template: 1 to 100 small letters, digits, and the signs _ . -"
        )
    if not CONTENT.fullmatch(template.content):
        raise Invalid(f"the template {name} has a Content SID of HX and 32 hexadecimal digits")
    if not LANGUAGE.fullmatch(template.language):
        raise Invalid(f"the template {name} has a language as en or pt_BR")


def _check_window(account: TwilioAccount) -> None:
    template = account.templates.get(account.window_template or "")
    if template is None:
        known = ", ".join(sorted(account.templates)) or "none"
        raise Invalid(f"window_template names a template of this account; there are: {known}")
    if not template.approved:
        raise Invalid(
            f"the template {account.window_template} is not approved, so it can't go out outside the window"
        )
