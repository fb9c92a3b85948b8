"""Twilio on loopback: messages, content templates, typing, its signed webhooks, and what goes wrong with them in the field.

Webhooks are signed by the `twilio` package's own validator. What is sent is checked as WhatsApp checks it: what it would refuse is refused.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import random
from base64 import b64encode
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import aiohttp
from twilio.request_validator import RequestValidator

from tests.doubles.whatsapp import filled, refused
from tests.doubles.wire import CUT, Call, Reply, Wire, serving

ACCOUNT = "AC" + "0" * 31 + "1"
TOKEN = "double-auth-token-0123456789abcd"
SENDER = "whatsapp:+15550100100"
WINDOW = timedelta(hours=24)

Fate = str
"""What becomes of a message that is sent:

`ok`; `429`, `500`, `503`: nothing was made; `lost`: made, and the connection breaks before the answer; `unanswered`: made, and the answer
does not come; `cut`: nothing was made, and the connection breaks; `NNNNN`: refused with this code; `fails:NNNNN`: made, and undelivered.
"""


@dataclass
class Sent:
    """A message that was made. `told`: the statuses of which the callback was called."""

    sid: str
    form: dict[str, str]
    at: datetime
    status: str
    body: str
    fate: Fate
    code: int | None = None
    sent_at: datetime | None = None
    told: list[str] = field(default_factory=list)

    @property
    def attempt(self) -> str | None:
        """As the callback's address names it."""
        found = parse_qs(urlsplit(self.form.get("StatusCallback", "")).query).get("attempt")
        return found[0] if found else None


Post = Callable[[str, dict[str, str], dict[str, str]], Awaitable[int]]
"""Calls an address with a form's and a head's fields; gives the status."""


class Twilio(Wire):
    """`messages` by sid in the order in which they were made. `script` names the fate of each form that comes.

    `lag`: seconds for which a new message is not in the list. `statuses`: what is told of each message by itself, shuffled and doubled where
    `unordered`; before its answer where `early`. `post` calls webhooks, over HTTP by default. `mistakes`: bugs of whoever calls this.
    """

    def __init__(self, account: str = ACCOUNT, token: str = TOKEN, *, seed: int = 1) -> None:
        super().__init__(self._reply)
        self.account, self.token = account, token
        self.senders = {SENDER}
        self.messages: dict[str, Sent] = {}
        self.contents: dict[str, dict[str, Any]] = {}
        self.files: dict[str, Reply] = {}
        """Files of messages to us, by their sid: what is answered where they lie, to which the API leads."""

        self.typed: list[str] = []
        self.script: Callable[[dict[str, str]], Fate] = lambda form: "ok"
        self.content_fate: Fate = "ok"
        self.typing_fate: Fate = "ok"
        self.list_fate: Fate = "ok"
        self.retry_after: str | None = None
        self.lag = 0.0
        self.statuses: Sequence[str] = ()
        self.unordered = self.early = False
        self.window = False
        """Whether what comes outside the window of 24 hours is refused."""

        self.heard: dict[str, datetime] = {}
        """Customer → when they wrote last."""

        self.clock: Callable[[], datetime] = lambda: datetime.now(UTC)
        self.post: Post = post_form
        self.answers = Counter[int]()
        """How webhooks were answered, by status."""

        self.mistakes: list[str] = []
        self.per_second: dict[tuple[str, int], int] = defaultdict(int)
        """(Sender, second) → messages that came."""

        self._random = random.Random(seed)
        self._numbers = itertools.count(1)
        self._telling: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    # Out

    def to(self, customer: str) -> list[Sent]:
        return [message for message in self.messages.values() if message.form["To"] == customer]

    def file(self, content_type: str, content: bytes, **more: Any) -> str:
        """The address of a file that came with a message."""
        sid = f"ME{next(self._numbers):032x}"
        self.files[sid] = Reply(fields={"Content-Type": content_type}, body=content, **more)
        return f"{self.url}/2010-04-01/Accounts/{self.account}/Messages/MM{'0' * 32}/Media/{sid}"

    def _reply(self, call: Call) -> Reply:
        if call.path.startswith("/cdn/"):
            if "authorization" in call.fields:
                self.mistakes.append("credentials went on to where a file lies")
            return self.files[call.path.removeprefix("/cdn/")]
        expected = "Basic " + b64encode(f"{self.account}:{self.token}".encode()).decode()
        if call.fields.get("authorization") != expected:
            return _error(401, 20003, "Authenticate")
        parts = urlsplit(call.path)
        match call.method, parts.path.strip("/").split("/"):
            case "POST", ["2010-04-01", "Accounts", self.account, "Messages.json"]:
                return self._create(call.body)
            case "GET", ["2010-04-01", "Accounts", self.account, "Messages.json"]:
                return self._list(parts.query)
            case "GET", ["2010-04-01", "Accounts", self.account, "Messages", name]:
                return self._one(name.removesuffix(".json"))
            case "GET", ["2010-04-01", "Accounts", self.account, "Messages", _, "Media", sid]:
                return (
                    Reply(307, {"Location": f"/cdn/{sid}"}, b"")
                    if sid in self.files
                    else _error(404, 20404, "")
                )
            case "POST", ["v1", "Content"]:
                return self._content(call.body)
            case "POST", ["v2", "Indicators", "Typing.json"]:
                return self._typing(call.body)
        self.mistakes.append(f"{call.method} {parts.path}")
        return _error(404, 20404, "The requested resource was not found")

    def _create(self, form: dict[str, str]) -> Reply:
        self.per_second[form.get("From", ""), int(self.clock().timestamp())] += 1
        if (refusal := self._refusal(form)) is not None:
            return _error(400, *refusal)
        fate = self.script(form)
        match fate:
            case "429":
                return _error(429, 20429, "Too Many Requests", self.retry_after)
            case "500" | "503":
                return _error(int(fate), 20500, "An internal server error has occurred", self.retry_after)
            case "cut":
                return Reply(raw=b"")
            case _ if fate.isdigit():
                return _error(400, int(fate), f"refused with {fate}")
        message = self._made(form, fate)
        body = json.dumps(self._resource(message)).encode()
        first = None
        if self.statuses or fate.startswith("fails"):
            telling = self._tell_later(message)
            first = (lambda: asyncio.wait([telling])) if self.early else None
        if fate == "lost":
            return Reply(201, body=None, steps=[body[:10], CUT])
        if fate == "unanswered":
            return Reply(201, body=body, delay=3600.0)
        return Reply(201, body=body, first=first)

    def _refusal(self, form: dict[str, str]) -> tuple[int, str] | None:
        """As Twilio's API and WhatsApp behind it: code and text."""
        sender, service = form.get("From"), form.get("MessagingServiceSid")
        if not form.get("To", "").startswith("whatsapp:"):
            return 21211, "Invalid 'To' Phone Number"
        if service is None and sender not in self.senders:
            return 63007, "Twilio could not find a Channel with the specified From address"
        if "ContentSid" in form:
            if "Body" in form or "MediaUrl" in form:
                self.mistakes.append("Body or MediaUrl beside ContentSid")
            return self._content_refusal(form)
        if not form.get("Body") and not form.get("MediaUrl"):
            return 21619, "Message body, media URL or content SID is required"
        if len(form.get("Body", "").encode("utf-16-le")) > 2 * 1600:
            return 21617, "The concatenated message body exceeds the 1600 character limit"
        if self._outside(form):
            return 63016, "Failed to send freeform message because you are outside the allowed window"
        return None

    def _content_refusal(self, form: dict[str, str]) -> tuple[int, str] | None:
        content = self.contents.get(form["ContentSid"])
        if content is None:
            return 21655, "The ContentSid is Invalid"
        try:
            variables = json.loads(form.get("ContentVariables", "{}"))
        except ValueError:
            variables = None
        if not isinstance(variables, dict) or not all(
            isinstance(value, str) and value.strip() for value in variables.values()
        ):
            return 21656, "The ContentVariables Parameter is invalid"
        if len(variables) > 100:
            return 92002, "Too many variables"
        if left := content.get("variables", {}).keys() - variables.keys():
            self.mistakes.append(f"Twilio sends its samples for the variables {sorted(left)}")
        (kind, shape), *_ = content["types"].items()
        if self._outside(form) and not content.get("approved"):
            return 63016, "Failed to send freeform message because you are outside the allowed window"
        return refused(kind, filled(shape, variables))

    def _outside(self, form: dict[str, str]) -> bool:
        heard = self.heard.get(form["To"])
        return self.window and (heard is None or self.clock() - heard > WINDOW)

    def _made(self, form: dict[str, str], fate: Fate) -> Sent:
        sid = f"{'MM' if 'MediaUrl' in form else 'SM'}{next(self._numbers):032x}"
        body = form.get("Body", "")
        if "ContentSid" in form:
            (_, shape), *_ = self.contents[form["ContentSid"]]["types"].items()
            body = filled(shape, json.loads(form.get("ContentVariables", "{}"))).get("body", "")
        status = "accepted" if "MessagingServiceSid" in form else "queued"
        made = Sent(sid, dict(form), self.clock(), status, body, fate)
        self.messages[sid] = made
        return made

    def _resource(self, message: Sent) -> dict[str, Any]:
        form = message.form
        return {
            "sid": message.sid,
            "account_sid": self.account,
            "api_version": "2010-04-01",
            "body": message.body,
            "date_created": format_datetime(message.at),
            "date_sent": format_datetime(message.sent_at) if message.sent_at else None,
            "date_updated": format_datetime(message.at),
            "direction": "outbound-api",
            "error_code": message.code,
            "error_message": None,
            "from": form.get("From"),
            "messaging_service_sid": form.get("MessagingServiceSid"),
            "num_media": str(int("MediaUrl" in form)),
            "num_segments": "1",
            "price": None,
            "price_unit": "USD",
            "status": message.status,
            "subresource_uris": {},
            "to": form["To"],
            "uri": f"/2010-04-01/Accounts/{self.account}/Messages/{message.sid}.json",
        }

    def _listed(self, message: Sent) -> bool:
        return self.clock() - message.at >= timedelta(seconds=self.lag)

    def _list(self, query: str) -> Reply:
        if self.list_fate != "ok":
            return _error(int(self.list_fate), 20500, "no list")
        wanted = {name: values[0] for name, values in parse_qs(query).items()}
        size, page = int(wanted.get("PageSize", "50")), int(wanted.get("Page", "0"))
        found = [
            self._resource(message)
            for message in reversed(self.messages.values())
            if self._listed(message)
            and message.form["To"] == wanted.get("To", message.form["To"])
            and message.form.get("From", SENDER) == wanted.get("From", message.form.get("From", SENDER))
        ]
        path = f"/2010-04-01/Accounts/{self.account}/Messages.json"
        more = f"{path}?{query.partition('&Page=')[0]}&Page={page + 1}&PageToken=PT{page + 1}"
        body = {
            "messages": found[page * size : (page + 1) * size],
            "page": page,
            "page_size": size,
            "next_page_uri": more if len(found) > (page + 1) * size else None,
        }
        return Reply(body=json.dumps(body).encode())

    def _one(self, sid: str) -> Reply:
        message = self.messages.get(sid)
        if message is None or not self._listed(message):
            return _error(404, 20404, f"The requested resource /Messages/{sid}.json was not found")
        return Reply(body=json.dumps(self._resource(message)).encode())

    def _content(self, body: dict[str, Any]) -> Reply:
        if self.content_fate != "ok":
            status = int(self.content_fate) if len(self.content_fate) == 3 else 400
            return _error(status, 20429 if status == 429 else int(self.content_fate), "no content")
        if not body.get("language") or not body.get("types"):
            return _error(400, 20001, "language and types are required")
        (kind, shape), *_ = body["types"].items()
        samples = {key: value for key, value in body.get("variables", {}).items() if value}
        if (refusal := refused(kind, filled(shape, samples))) is not None:
            return _error(400, *refusal)
        sid = f"HX{next(self._numbers):032x}"
        self.contents[sid] = body
        return Reply(201, body=json.dumps({"sid": sid, "account_sid": self.account, **body}).encode())

    def _typing(self, form: dict[str, str]) -> Reply:
        if self.typing_fate != "ok":
            return _error(int(self.typing_fate), 20500, "no typing")
        if form.get("channel") != "whatsapp" or form.get("messageId", "")[:2] not in ("SM", "MM"):
            return _error(400, 20001, "Invalid parameter")
        self.typed.append(form["messageId"])
        return Reply(body=b'{"success": true}')

    # Webhooks

    async def tell(self, message: Sent, *statuses: str) -> list[int]:
        """Call the message's status callback with these statuses, in this order; how each was answered."""
        answered = []
        for status in statuses:
            url = message.form.get("StatusCallback")
            if url is None:
                self.mistakes.append(f"{message.sid} has no status callback")
                return answered
            form = {
                "MessageSid": message.sid,
                "SmsSid": message.sid,
                "MessageStatus": status,
                "SmsStatus": status,
                "AccountSid": self.account,
                "From": message.form.get("From", SENDER),
                "To": message.form["To"],
                "ChannelPrefix": "whatsapp",
                "ChannelInstallSid": "XE" + "0" * 32,
                "ApiVersion": "2010-04-01",
            }
            if status in ("delivered", "read"):
                form["EventType"] = status.upper()
            if status in ("failed", "undelivered"):
                form["ErrorCode"] = message.fate.partition(":")[2] or "63024"
                message.code = int(form["ErrorCode"])
            message.status, message.sent_at = status, message.sent_at or self.clock()
            answered.append(await self.call(url, form))
            message.told.append(status)
        return answered

    async def call(self, url: str, form: dict[str, str]) -> int:
        """A signed webhook."""
        signature = RequestValidator(self.token).compute_signature(url, form)
        fields = {"X-Twilio-Signature": signature, "User-Agent": "TwilioProxy/1.1"}
        fields["I-Twilio-Idempotency-Token"] = f"{next(self._numbers):032x}"
        status = await self.post(url, form, fields)
        self.answers[status] += 1
        return status

    async def says(
        self, url: str, customer: str, text: str, *, sid: str | None = None, **more: str
    ) -> tuple[str, int]:
        """A customer writes (`whatsapp:+…`); the message's sid and how the webhook at `url` was answered."""
        sid = sid or f"SM{next(self._numbers):032x}"
        self.heard[customer] = self.clock()
        form = {
            "MessageSid": sid,
            "SmsSid": sid,
            "SmsMessageSid": sid,
            "AccountSid": self.account,
            "From": customer,
            "To": SENDER,
            "Body": text,
            "NumMedia": "0",
            "NumSegments": "1",
            "SmsStatus": "received",
            "ApiVersion": "2010-04-01",
            "ProfileName": "Ada Test",
            "WaId": customer.removeprefix("whatsapp:+"),
            "MessageType": "text",
            "ReferralNumMedia": "0",
            "Forwarded": "false",
            "FrequentlyForwarded": "false",
            "ExternalUserId": f"whatsapp:DE.4815{customer.rpartition(':')[2].strip('+')}",
        }
        return sid, await self.call(url, form | more)

    async def told(self) -> None:
        """Until all callbacks under way were called."""
        while self._telling:
            await asyncio.gather(*self._telling)

    def _tell_later(self, message: Sent) -> asyncio.Task[None]:
        statuses = list(self.statuses)
        if message.fate.startswith("fails"):
            statuses = ["sent", "undelivered"]
        if self.unordered:
            statuses += self._random.sample(statuses, self._random.randint(0, len(statuses)))
            self._random.shuffle(statuses)
        task = asyncio.ensure_future(self._tell(message, statuses))
        self._telling.add(task)
        task.add_done_callback(self._telling.discard)
        return task

    async def _tell(self, message: Sent, statuses: Sequence[str]) -> None:
        if not self.early:
            await asyncio.sleep(0.02)
        await self.tell(message, *statuses)


@asynccontextmanager
async def twilio_double(*, seed: int = 1) -> AsyncIterator[Twilio]:
    double = Twilio(seed=seed)
    async with serving(double):
        yield double


async def post_form(url: str, form: dict[str, str], fields: dict[str, str]) -> int:
    async with (
        aiohttp.ClientSession() as session,
        session.post(url, data=form, headers=fields, allow_redirects=False) as response,
    ):
        return response.status


def _error(status: int, code: int, text: str, retry_after: str | None = None) -> Reply:
    body = {"code": code, "message": text, "more_info": f"https://www.twilio.com/docs/errors/{code}"}
    fields = {} if retry_after is None else {"Retry-After": retry_after}
    return Reply(status, fields, json.dumps(body | {"status": status}).encode())
