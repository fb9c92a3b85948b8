"""Files of messages at Twilio: its API names them, and sends whoever asks on to where they lie. Implements `application.ports.MediaSource`.

The account's credentials go to the API's own address alone; where it leads to is asked without them, and must be a host of Twilio's too.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from urllib.parse import urljoin, urlsplit
from uuid import UUID

import httpx2

from application.ports import MediaContent, NotGiven, Store
from domain.base.errors import NotFound, Refused
from domain.channels.channels import Channels
from infra.outgoing.client import Outgoing
from infra.twilio.hosts import Hosts
from infra.twilio.retry_after import seconds

SILENCE = 20.0
"""Seconds without a byte after which it is given up for now."""

STEPS = 4
"""How often it may lead elsewhere."""

HOSTS = (".twilio.com", ".twiliocdn.com")
BUCKETS = ("s3-external-1.amazonaws.com", "s3.amazonaws.com")
BUCKET = "/media.twiliocdn.com/"
"""Twilio's, at a host that it shares with others."""

GONE = frozenset((400, 410, 451))


class TwilioMedia:
    """`base_url`: another server that stands for all of Twilio's hosts; None: they are public, and nothing else is asked."""

    def __init__(self, hosts: Hosts, *, elsewhere: bool, store: Store) -> None:
        self._hosts, self._elsewhere, self._store = hosts, elsewhere, store
        self._http = Outgoing(guarded=not elsewhere)

    async def close(self) -> None:
        await self._http.aclose()

    @asynccontextmanager
    async def open(
        self, tenant: UUID, url: str, raw: Mapping[str, str], *, most: int
    ) -> AsyncIterator[MediaContent]:
        if not self._hosts.ours(url):
            raise Refused("its address is none of Twilio's API")
        response = await self._found(url, await self._key(tenant, raw.get("AccountSid", "")))
        try:
            told = response.headers.get("content-length", "")
            if told.isdigit() and int(told) > most:
                raise Refused(f"it has {told} bytes; at most {most} are taken")
            yield MediaContent(
                content_type=response.headers.get("content-type", "application/octet-stream"),
                pieces=_pieces(response, most),
            )
        finally:
            await response.aclose()

    async def _found(self, url: str, key: Mapping[str, str]) -> httpx2.Response:
        for step in range(STEPS):
            request = self._http.build_request("GET", url, headers={} if step else key, timeout=SILENCE)
            try:
                response = await self._http.send(request, stream=True)
            except httpx2.TransportError as error:
                raise NotGiven(f"Twilio did not give the file: {type(error).__name__}") from None
            if response.status_code == 200:
                return response
            await response.aclose()
            if response.status_code in (301, 302, 303, 307, 308):
                url = urljoin(url, response.headers.get("location", ""))
                if not self._trusted(url):
                    raise Refused("it lies at an address that is none of Twilio's")
                continue
            if response.status_code in GONE:
                raise Refused(f"Twilio has it no more ({response.status_code})")
            # 404 as well: of a file that has just come the API may not know yet.
            after = seconds(response.headers.get("retry-after"))
            raise NotGiven(f"Twilio did not give the file: {response.status_code}", after)
        raise Refused("its address leads elsewhere again and again")

    def _trusted(self, url: str) -> bool:
        if self._elsewhere or self._hosts.ours(url):
            return self._hosts.ours(url)
        try:
            parts = urlsplit(url)
            host, port = parts.hostname or "", parts.port
        except ValueError:
            return False
        if parts.scheme != "https" or port not in (None, 443) or "@" in parts.netloc:
            return False
        return host.endswith(HOSTS) or (host in BUCKETS and parts.path.startswith(BUCKET))

    async def _key(self, tenant: UUID, account: str) -> Mapping[str, str]:
        try:
            found = await self._store.latest(Channels, Channels.id_of(tenant), tenant=tenant)
        except NotFound:
            found = None
        known = found.state.twilio.get(account) if found is not None else None
        if known is None:
            raise NotGiven(
                "the account that the file came by is not set any more; set it before it is given up"
            )
        text = f"{known.account}:{known.tokens[0]}".encode()
        return {"Authorization": f"Basic {b64encode(text).decode()}"}


async def _pieces(response: httpx2.Response, most: int) -> AsyncIterator[bytes]:
    size = 0
    try:
        async for piece in response.aiter_raw():
            size += len(piece)
            if size > most:
                raise Refused(f"it has more than {most} bytes")
            yield piece
    except httpx2.TransportError as error:
        raise NotGiven(f"the file was cut off: {type(error).__name__}") from None
