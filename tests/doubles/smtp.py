"""A mail server (RFC 5321) on loopback: takes mails, refuses recipients as it is told, and asks for a password where it has one."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage


@dataclass
class Mails:
    """`refused`: recipient → code. `busy`: mails in a row that are put off after their text (451). `taken`: recipients and mail."""

    refused: Mapping[str, int] = field(default_factory=dict)
    busy: int = 0
    port: int = 0
    taken: list[tuple[list[str], EmailMessage]] = field(default_factory=list)


@asynccontextmanager
async def mail_double() -> AsyncIterator[Mails]:
    mails = Mails()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await _session(mails, reader, writer)
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    mails.port = server.sockets[0].getsockname()[1]
    async with server:
        yield mails


async def _session(mails: Mails, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    def say(line: str) -> None:
        writer.write(line.encode() + b"\r\n")

    say("220 double ESMTP")
    recipients: list[str] = []
    while line := (await reader.readline()).decode().strip():
        word, argument = line[:4].upper(), line.partition(":")[2]
        if word == "EHLO":
            say("250-double\r\n250-SIZE 10000000\r\n250 8BITMIME")
        elif word == "MAIL":
            recipients = []
            say("250 go on")
        elif word == "RCPT":
            address = argument.strip().partition(" ")[0].strip("<>")
            code = mails.refused.get(address, 250)
            if code == 250:
                recipients.append(address)
            say(f"{code} about {base64.b64encode(address.encode()).decode()}")
        elif word == "DATA":
            say("354 end with a dot")
            text = (await reader.readuntil(b"\r\n.\r\n"))[:-3]
            if mails.busy:
                mails.busy -= 1
                say("451 try again later")
                continue
            mail = message_from_bytes(text, policy=policy.default)
            assert isinstance(mail, EmailMessage)
            mails.taken.append((recipients, mail))
            say("250 taken")
        elif word == "QUIT":
            say("221 bye")
            return
        else:
            say("250 ok" if word in ("RSET", "NOOP") else "502 not here")
