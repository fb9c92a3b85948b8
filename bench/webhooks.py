"""Webhooks as Twilio sends them, signed by its own package beforehand, so that signing takes no time of the measurement."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import Iterator, Sequence
from urllib.parse import urlencode
from uuid import uuid4

import httpx
from twilio.request_validator import RequestValidator

ACCOUNT, TOKEN, SENDER = "AC" + "1" * 32, "0123456789abcdef0123456789abcdef", "whatsapp:+15550100100"
TEXT = "Hello, when do you open on Saturday, and can I bring back the tent that I bought last week?"
_numbers = itertools.count()


def set_account(url: str, headers: dict[str, str]) -> None:
    body = {"auth_token": TOKEN, "senders": [SENDER]}
    place = f"{url}/v1/channels/twilio/{ACCOUNT}"
    httpx.put(place, json=body, headers=headers, timeout=30).raise_for_status()


def signed(url: str, count: int, customers: int) -> list[bytes]:
    """Whole requests: messages of so many customers, in turn."""
    validator, (_, _, rest) = RequestValidator(TOKEN), url.partition("://")
    host, _, path = rest.partition("/")
    made = []
    for number in itertools.islice(_numbers, count):
        customer = f"+1555{number % customers:07d}"
        sid = f"SM{uuid4().hex}"
        form = {"SmsMessageSid": sid, "NumMedia": "0", "ProfileName": "Ada Test", "MessageType": "text"}
        form |= {"SmsSid": sid, "WaId": customer[1:], "SmsStatus": "received", "Body": TEXT, "To": SENDER}
        form |= {"NumSegments": "1", "ReferralNumMedia": "0", "MessageSid": sid, "AccountSid": ACCOUNT}
        form |= {"From": f"whatsapp:{customer}", "ExternalUserId": f"whatsapp:DE.{customer[1:]}"}
        form |= {"ApiVersion": "2010-04-01", "Forwarded": "false", "FrequentlyForwarded": "false"}
        body = urlencode(form).encode()
        head = (
            f"POST /{path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/x-www-form-urlencoded\r\n"
            f"X-Twilio-Signature: {validator.compute_signature(url, form)}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        made.append(head.encode() + body)
    return made


async def send(
    port: int, requests: Sequence[bytes], connections: int, seconds: float, rate: float = 0
) -> tuple[list[float], float]:
    """Send them, `rate` a second (0: as fast as they are taken), until all were sent or the time is over. Milliseconds of each, from when it
    was to be sent, and how long all took in seconds."""
    began, todo, times = time.perf_counter(), iter(enumerate(requests)), list[float]()
    await asyncio.gather(*(_send(port, todo, began, seconds, rate, times) for _ in range(connections)))
    return times, time.perf_counter() - began


async def _send(
    port: int,
    todo: Iterator[tuple[int, bytes]],
    began: float,
    seconds: float,
    rate: float,
    times: list[float],
) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        for number, request in todo:
            due = began + number / rate if rate else time.perf_counter()
            if due - began > seconds:
                return
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            _, _, length = head.lower().partition(b"content-length:")
            body = await reader.readexactly(int(length.partition(b"\r\n")[0] or 0))
            times.append(1000 * (time.perf_counter() - due))
            if not head.startswith(b"HTTP/1.1 200"):
                raise RuntimeError(f"a webhook was not taken: {head[:60]!r} {body[:300]!r}")
    finally:
        writer.close()
