"""The demo's scene by WhatsApp, on one screen: a burst that is answered once, a person who takes over, a list, and the agent again."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Any

import httpx
from rich.markup import escape

from interfaces.cli.base import console
from interfaces.cli.demo.twilio import ACCOUNT, SENDER, TOKEN, Played, Sent
from interfaces.waiting import Teller

CUSTOMER, NAME = "whatsapp:+15550100199", "Ada"
BURST = ("Hi!", "Can I rent a tent?", "And how much is the deposit?")
PERSON = "I would like to talk to a human, please."
OPERATOR = {"operator": {"name": "Kim"}}
TIMES = ("Today, 16:00", "Today, 17:30", "Tomorrow, 10:00", "Tomorrow, 12:00")
PATIENCE = 30.0
"""Seconds for a message to come."""


def show(client: httpx.Client, tenant: str, twilio: Played, teller: Teller) -> int:
    """How much of it did not go as it should."""
    account = {"auth_token": TOKEN, "senders": [SENDER]}
    client.put(f"/v1/channels/twilio/{ACCOUNT}", json=account).raise_for_status()
    webhook = f"{str(client.base_url).rstrip('/')}/webhooks/twilio/{tenant}"
    console.print("\n[bold]By WhatsApp[/bold], with Twilio played on this machine:\n")
    scene = _Scene(client, twilio, webhook, teller)
    for text in BURST:
        scene.customer(text)
    scene.agent("the answer to all of them")
    scene.customer(PERSON)
    scene.agent("the agent's last words")
    conversation = scene.conversation()
    scene.operator(conversation, "claim", "takes over; the agent is silent from here")
    options = [{"title": time} for time in TIMES]
    rich = {
        "type": "choices",
        "body": "Hi Ada, Kim here. When would you like to collect it?",
        "button": "Times",
    }
    scene.operator(conversation, "reply", rich={**rich, "options": options})
    scene.shown("Kim")
    scene.customer(TIMES[2], ListId=TIMES[2], ListTitle=TIMES[2], MessageType="interactive")
    scene.operator(conversation, "reply", text="Noted, see you then. I give you back to Nora.")
    scene.shown("Kim")
    scene.operator(conversation, "release", "gives the conversation back")
    scene.customer("Until when are you open on Saturday?")
    scene.agent("the agent's answer")
    return scene.failed


class _Scene:
    def __init__(self, client: httpx.Client, twilio: Played, webhook: str, teller: Teller) -> None:
        self._client, self._twilio, self._webhook, self._teller = client, twilio, webhook, teller
        self.failed = 0

    def customer(self, text: str, **more: str) -> None:
        self._twilio.says(self._webhook, CUSTOMER, NAME, text, **more)
        _line(NAME, text, "")
        time.sleep(0.3)

    def agent(self, what: str) -> None:
        with self._teller.waits(what):
            sent = self._twilio.next(PATIENCE)
        self._shown("Nora", sent)

    def shown(self, who: str) -> None:
        self._shown(who, self._twilio.next(PATIENCE))

    def operator(self, conversation: str, what: str, told: str = "", **more: Any) -> None:
        reply = self._client.post(f"/v1/conversations/{conversation}/{what}", json={**OPERATOR, **more})
        if reply.is_error:
            self.failed += 1
            told = reply.json().get("detail", reply.text)
        if told:
            console.print(f"            [dim]Kim {escape(told)}[/dim]", highlight=False)

    def conversation(self) -> str:
        """That of the customer; once a person is asked for, the log says so."""
        until = time.monotonic() + PATIENCE
        while True:
            found = self._client.get("/v1/conversations", params={"channel": "whatsapp"}).raise_for_status()
            items: list[dict[str, Any]] = found.json()["items"]
            if items or time.monotonic() > until:
                return str(items[0]["id"])
            time.sleep(0.1)

    def _shown(self, who: str, sent: Sent | None) -> None:
        self.failed += sent is None
        _line(who, "(nothing came)" if sent is None else sent.text, "cyan")
        for option in sent.options if sent else ():
            console.print(f"            [cyan]  ▸ {escape(option)}[/cyan]", highlight=False)


def _line(who: str, text: str, style: str) -> None:
    head = f"  {datetime.now().astimezone():%H:%M:%S}  [bold]{who:<5}[/bold]"
    body = escape(text).replace("\n\n", "\n").replace("\n", "\n" + " " * 18)
    console.print(f"{head} [{style}]{body}[/{style}]" if style else f"{head} {body}", highlight=False)
