"""E-mail, by the deployment's mail server (SMTP). Nobody is told where one of several recipients is refused: that is a failure, too."""

from __future__ import annotations

import re
from collections.abc import Mapping
from email.message import EmailMessage
from email.utils import parseaddr
from typing import ClassVar
from urllib.parse import unquote, urlsplit
from uuid import UUID

import msgspec

from application.ports import AlertTaken, ChannelField
from domain.base.errors import Invalid, Refused
from domain.insight.alerts.message import AlertMessage
from infra.secret import Secret

LONGEST = 20.0
"""Seconds for each step."""

MOST = 20
"""Recipients of a channel."""

_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")


class MailServer(msgspec.Struct, frozen=True, kw_only=True):
    """`tls`: from the first byte on; else it is asked for with STARTTLS, and needed where there is a password."""

    host: str
    port: int
    tls: bool
    user: str | None
    password: Secret | None
    sender: str

    def __repr__(self) -> str:
        return f"MailServer(host={self.host!r})"


def mail_server(url: str | None, sender: str | None) -> MailServer | None:
    """Of the settings; None without them."""
    if url is None or sender is None:
        return None
    parts = urlsplit(url)
    tls = parts.scheme == "smtps"
    return MailServer(
        host=parts.hostname or "",
        port=parts.port or (465 if tls else 587),
        tls=tls,
        user=None if parts.username is None else unquote(parts.username),
        password=None if parts.password is None else Secret(unquote(parts.password)),
        sender=sender,
    )


class EmailSender:
    """One per process."""

    fields: ClassVar[tuple[ChannelField, ...]] = (
        ChannelField(name="to", text=f"addresses, up to {MOST}, parted by commas"),
    )

    def __init__(self, server: MailServer | None) -> None:
        self._server = server

    async def check(self, values: Mapping[str, str]) -> None:
        if self._server is None:
            raise Refused(
                "this deployment has no mail server; have it set RETRACE_SMTP_URL and RETRACE_SMTP_FROM"
            )
        found = _recipients(values["to"])
        if not 1 <= len(found) <= MOST:
            raise Invalid(f"to has 1 to {MOST} addresses, parted by commas")
        for each in found:
            if len(each) > 254 or not _ADDRESS.fullmatch(each):
                raise Invalid(
                    "to has addresses as ops@shop.example.com, in ASCII (xn--… for others), parted by commas"
                )

    async def send(self, values: Mapping[str, str], message: AlertMessage, id: UUID) -> AlertTaken:
        if self._server is None:
            return AlertTaken(reason="this deployment has no mail server any more")
        import aiosmtplib  # 2 MB, for whoever has a mail server

        recipients = _recipients(values["to"])
        mail = _mail(message, id, self._server.sender, recipients)
        try:
            return await self._hand_over(self._server, mail, recipients)
        except aiosmtplib.SMTPRecipientsRefused as error:
            return _refused({each.recipient: each.code for each in error.recipients}, len(recipients))
        except aiosmtplib.SMTPResponseException as error:
            return AlertTaken(reason=f"the mail server answered {error.code}")
        except (aiosmtplib.SMTPException, OSError) as error:
            return AlertTaken(reason=f"the mail server could not be reached ({type(error).__name__})")

    async def _hand_over(self, server: MailServer, mail: EmailMessage, recipients: list[str]) -> AlertTaken:
        import aiosmtplib

        client = aiosmtplib.SMTP(
            hostname=server.host,
            port=server.port,
            use_tls=server.tls,
            start_tls=False if server.tls else (True if server.password is not None else None),
            username=server.user,
            password=server.password,
            timeout=LONGEST,
        )
        async with client:
            sender = parseaddr(server.sender)[1]
            errors, _ = await client.send_message(mail, sender=sender, recipients=recipients)
        return _refused({each: error.code for each, error in errors.items()}, len(recipients))


def _refused(codes: Mapping[str, int], of: int) -> AlertTaken:
    """Whom the server does not take; no address is in the reason."""
    if not codes:
        return AlertTaken()
    said = ", ".join(str(code) for code in sorted(set(codes.values())))
    lasting = all(code >= 500 for code in codes.values())
    return AlertTaken(
        reason=f"the mail server refused {len(codes)} of {of} addresses ({said})", lasting=lasting
    )


def _mail(message: AlertMessage, id: UUID, sender: str, recipients: list[str]) -> EmailMessage:
    """The id is the same at each try, so that a mailbox shows it once; messages of one incident are a thread."""
    domain = parseaddr(sender)[1].partition("@")[2]
    mail = EmailMessage()
    mail["From"], mail["To"] = sender, ", ".join(recipients)
    mail["Subject"] = " ".join(message.title.split())
    mail["Date"] = message.at
    mail["Message-ID"] = f"<{id}@{domain}>"
    mail["References"] = f"<{message.incident}@{domain}>"
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody is away from a machine
    mail.set_content(message.text + "\n")
    return mail


def _recipients(text: str) -> list[str]:
    return list(dict.fromkeys(each.strip() for each in text.split(",") if each.strip()))
