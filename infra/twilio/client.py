"""Sends by Twilio's API. Implements `application.ports.Channel`.

By our own HTTP client: Twilio's package for Python repeats POSTs, which have no idempotency key there, gives no headers with its errors
(`Retry-After` is lost) and mangles other base URLs. Connections are kept for moments only: where the other side closes one just when a
message goes out, nobody knows whether it was heard.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import httpx2
import msgspec

from application.ports import (
    Account,
    Approved,
    FateUnknown,
    ListedMessage,
    NotTaken,
    OutgoingMessage,
    SentMessage,
)
from domain.channels.statuses import PASSING
from domain.conversations.rich import Attachment, Rich
from infra.outgoing.client import BRIEFLY, Outgoing
from infra.twilio.contents import content_of, samples_of
from infra.twilio.hosts import Hosts
from infra.twilio.retry_after import seconds

PATIENCE, BRIEF = 20.0, 5.0
"""Seconds of silence after which a call is given up; and one that does not matter much."""

PAGES, PAGE = 5, 1000
"""Of the list: how many are read at most, and how many messages each has."""

NO_CONTENT = frozenset({"21655", "63036"})
"""Codes that say: there is no such Content SID."""


class TwilioChannel:
    """`callback` gives the address that is called with what became of an attempt; None: it is not called."""

    def __init__(self, hosts: Hosts, callback: Callable[[UUID, str], str] | None) -> None:
        self._hosts, self._callback = hosts, callback
        self._sending, self._asking = (
            Outgoing(guarded=False, kept=BRIEFLY, once=True),
            Outgoing(guarded=False),
        )

    async def close(self) -> None:
        await self._sending.aclose()
        await self._asking.aclose()

    async def send(self, message: OutgoingMessage, account: Account) -> SentMessage:
        form = {"To": message.to, **_sender(account), **_words(message)}
        if self._callback is not None:
            form["StatusCallback"] = self._callback(account.tenant, message.attempt)
        url = f"{self._hosts.api}/2010-04-01/Accounts/{account.account}/Messages.json"
        try:
            response = await self._sending.post(url, data=form, headers=_key(account), timeout=PATIENCE)
        except (httpx2.ConnectTimeout, httpx2.ConnectError):
            raise NotTaken("unreachable", passing=True) from None
        except httpx2.TransportError as error:
            raise FateUnknown(type(error).__name__) from None
        if response.status_code not in (429, 503) and response.status_code >= 500:
            raise FateUnknown(
                f"HTTP {response.status_code}"
            )  # "POST is not idempotent", says Twilio of 20500
        body = _checked(response)
        sid, status = body.get("sid"), body.get("status")
        if not isinstance(sid, str):
            raise FateUnknown("an answer without a SID")
        return SentMessage(sid=sid, status=str(status))

    def shape(self, rich: Rich) -> str | None:
        content = content_of(rich)
        return None if content is None else content.shape

    async def make(self, rich: Rich, account: Account) -> str:
        content = content_of(rich)
        assert content is not None
        body = {"friendly_name": f"retrace {content.shape}"[:64], "language": "en", "types": content.types}
        data = msgspec.json.encode(body | {"variables": samples_of(content)})
        fields = _key(account) | {"Content-Type": "application/json"}
        response = await self._ask("POST", f"{self._hosts.content}/v1/Content", content=data, headers=fields)
        return str(response["sid"])

    async def recent(self, account: Account, to: str, since: datetime) -> Sequence[ListedMessage]:
        wanted = {"To": to, "PageSize": str(PAGE)} | ({} if account.service else {"From": account.sender})
        path: str | None = f"/2010-04-01/Accounts/{account.account}/Messages.json?{urlencode(wanted)}"
        found: list[ListedMessage] = []
        for _ in range(PAGES):
            if not path:
                break
            body = await self._ask("GET", f"{self._hosts.api}{path}", headers=_key(account))
            found += [listed for each in body.get("messages", ()) if (listed := _listed(each)) is not None]
            path = body.get("next_page_uri")
        return [listed for listed in found if listed.at >= since]

    async def typing(self, account: Account, message: str) -> None:
        if not account.sender.startswith("whatsapp:"):
            return  # other channels of Twilio's show nothing
        form = {"channel": "whatsapp", "messageId": message}
        url = f"{self._hosts.messaging}/v2/Indicators/Typing.json"
        await self._ask("POST", url, data=form, headers=_key(account), timeout=BRIEF)

    async def _ask(
        self, method: str, url: str, timeout: float = PATIENCE, **request: Any
    ) -> Mapping[str, Any]:
        """What may be asked again. Raises NotTaken."""
        try:
            response = await self._asking.request(method, url, timeout=timeout, **request)
        except httpx2.TransportError:
            raise NotTaken("unreachable", passing=True) from None
        return _checked(response)


def _words(message: OutgoingMessage) -> dict[str, str]:
    match message.words:
        case str(text):
            return {"Body": text}
        case Approved(content=approved, variables=dict(variables)):
            return {"ContentSid": approved} | (
                {"ContentVariables": _variables(variables)} if variables else {}
            )
        case Approved(content=approved, text=text):
            # One line: a variable of an approved template has no line breaks, and no runs of spaces.
            return {"ContentSid": approved, "ContentVariables": _variables({"1": " ".join(text.split())})}
        case Attachment(url=url, caption=caption):
            return {"MediaUrl": url} | ({} if caption is None else {"Body": caption})
        case rich:
            content = content_of(rich)
            assert content is not None
            assert message.template is not None
            return {"ContentSid": message.template, "ContentVariables": _variables(content.variables)}


def _variables(variables: dict[str, str]) -> str:
    return msgspec.json.encode(variables).decode()


def _sender(account: Account) -> dict[str, str]:
    return {"From": account.sender} if account.service is None else {"MessagingServiceSid": account.service}


def _key(account: Account) -> dict[str, str]:
    return {"Authorization": "Basic " + b64encode(f"{account.account}:{account.token}".encode()).decode()}


def _checked(response: httpx2.Response) -> dict[str, Any]:
    """The body of a success. Raises NotTaken, with Twilio's code; its texts may hold a customer's address, and are not kept."""
    try:
        body = msgspec.json.decode(response.content)
    except msgspec.DecodeError:
        body = None
    found: dict[str, Any] = body if isinstance(body, dict) else {}
    status = response.status_code
    if status < 300:
        return found
    code = found.get("code")
    named = (
        str(code)
        if isinstance(code, int) or (isinstance(code, str) and code.isdecimal())
        else f"HTTP {status}"
    )
    passing = status == 429 or status >= 500 or named in PASSING
    after = seconds(response.headers.get("retry-after"))
    raise NotTaken(named, passing=passing, after=after, lost=named in NO_CONTENT)


def _listed(item: Any) -> ListedMessage | None:
    """None for what came in, and what can't be read."""
    try:
        if not item["direction"].startswith("outbound"):
            return None
        code, at = item.get("error_code"), parsedate_to_datetime(item["date_created"])
        files = str(item.get("num_media") or "")
        return ListedMessage(
            sid=item["sid"],
            status=item["status"],
            code=None if code is None else str(code),
            text=item.get("body") or "",
            at=at if at.tzinfo else at.replace(tzinfo=UTC),
            files=int(files[:4]) if files.isdecimal() else 0,
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        return None
