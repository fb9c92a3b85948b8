"""Twilio, played on this machine: it takes what is sent, and calls the webhooks, signed. For the demo, which has no account there."""

from __future__ import annotations

import base64
import hashlib
import hmac
import itertools
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import Empty, Queue
from typing import Any
from urllib.parse import parse_qsl

import httpx
import msgspec

ACCOUNT = "AC" + "d" * 32
TOKEN = "played-on-this-machine"
SENDER = "whatsapp:+15550100100"


class Sent(msgspec.Struct, frozen=True):
    """What a customer's phone shows: a text, and what there is to choose."""

    to: str
    text: str
    options: tuple[str, ...] = ()


class Played:
    """`sent`: messages to customers, as they come. What contents it has made it keeps in `file`: the tenant names them again when the demo is
    begun again."""

    def __init__(self, file: Path) -> None:
        self.sent: Queue[Sent] = Queue()
        self._numbers = itertools.count(
            time.time_ns()
        )  # never those of an earlier demo, whose messages are known
        self._file = file
        self._contents: dict[str, dict[str, Any]] = json.loads(file.read_text()) if file.exists() else {}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler_of(self))
        self._server.daemon_threads = True

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def next(self, seconds: float) -> Sent | None:
        """The next message to a customer; None when there is none in time."""
        try:
            return self.sent.get(timeout=seconds)
        except Empty:
            return None

    def says(self, webhook: str, customer: str, name: str, text: str, **more: str) -> None:
        """A customer writes."""
        sid = f"SM{next(self._numbers):032x}"
        form = {
            "MessageSid": sid,
            "AccountSid": ACCOUNT,
            "From": customer,
            "To": SENDER,
            "Body": text,
            "ProfileName": name,
            "NumMedia": "0",
            "SmsStatus": "received",
        }
        self._call(webhook, form | more)

    def take(self, path: str, fields: dict[str, Any]) -> dict[str, Any]:
        """A request, and its answer."""
        if path.endswith("/Content"):
            sid = f"HX{next(self._numbers):032x}"
            self._contents[sid] = fields
            self._file.write_text(json.dumps(self._contents))
            return {"sid": sid}
        if path.endswith("/Typing.json"):
            return {"success": True}
        sid = f"SM{next(self._numbers):032x}"
        self.sent.put(self._shown(fields))
        threading.Thread(target=self._tell, args=(sid, fields), daemon=True).start()
        return {"sid": sid, "status": "queued"}

    def _shown(self, form: dict[str, str]) -> Sent:
        if "ContentSid" not in form:
            return Sent(form["To"], form.get("Body", ""))
        ((_, shape),) = self._contents[form["ContentSid"]]["types"].items()
        variables = json.loads(form.get("ContentVariables", "{}"))

        def filled(text: str) -> str:
            for key, value in variables.items():
                text = text.replace("{{" + key + "}}", value)
            return text

        options = [action["title"] for action in shape.get("actions", ())]
        options += [item["item"] for item in shape.get("items", ())]
        return Sent(form["To"], filled(shape.get("body", "")), tuple(map(filled, options)))

    def _tell(self, sid: str, form: dict[str, str]) -> None:
        about = {"MessageSid": sid, "AccountSid": ACCOUNT, "From": form["From"], "To": form["To"]}
        for status in ("sent", "delivered"):
            with suppress(httpx.HTTPError):  # the demo may have ended
                self._call(form["StatusCallback"], about | {"MessageStatus": status})

    def _call(self, url: str, form: dict[str, str]) -> None:
        signed = url + "".join(name + form[name] for name in sorted(form))
        signature = base64.b64encode(hmac.digest(TOKEN.encode(), signed.encode(), hashlib.sha1)).decode()
        reply = httpx.post(url, data=form, headers={"X-Twilio-Signature": signature}, timeout=30)
        reply.raise_for_status()

    def _begin(self) -> None:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def _end(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@contextmanager
def played(file: Path) -> Iterator[Played]:
    twilio = Played(file)
    twilio._begin()
    try:
        yield twilio
    finally:
        twilio._end()


def _handler_of(twilio: Played) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            is_json = "json" in self.headers.get("Content-Type", "")
            self._answer(
                twilio.take(self.path, json.loads(body) if is_json else dict(parse_qsl(body.decode())))
            )

        def do_GET(self) -> None:
            self._answer({"messages": [], "next_page_uri": None})

        def log_message(self, *_: Any) -> None:
            """The demo shows the conversation itself."""

        def _answer(self, facts: dict[str, Any]) -> None:
            body = json.dumps(facts).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    return Handler
