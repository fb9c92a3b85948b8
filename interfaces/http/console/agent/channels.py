"""Channels: accounts at Twilio. Tokens are taken, and never shown."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, Router, post
from litestar.di import NamedDependency

from domain.base.errors import Invalid
from domain.channels.twilio import ACCOUNT
from interfaces.bootstrap import Services
from interfaces.http.channels import channels
from interfaces.http.channels.channels import ChannelUseIn, TwilioIn
from interfaces.http.console.errors import HANDLERS
from interfaces.http.console.forms import fields_of
from interfaces.http.console.page import moved
from interfaces.http.console.screens.form import Facts, Form
from interfaces.http.console.screens.screen import Screen


@post("/console/channels/add", status_code=303, scope="integrations:manage")
async def account(request: Request[Any, Any, Any], services: NamedDependency[Services]) -> Response[Any]:
    """To the page of an account that is to be set."""
    given = (await fields_of(request, account=34))["account"].strip()
    if not ACCOUNT.fullmatch(given):
        raise Invalid("an account's SID is AC and 32 hexadecimal digits; Twilio's console shows it")
    return moved(services, f"/console/channels/{given}")


def _one(facts: Facts) -> dict[str, Any]:
    """None: it was not set yet."""
    sid = facts["path"]["account"]
    return {"account": next((each for each in facts["channels"].twilio if each.account_sid == sid), None)}


SCREENS = (
    Screen(
        path="/console/channels",
        template="agent/channels.html",
        reads={"channels": channels.read_all},
        forms={
            "use": Form(
                route=channels.set_channel_use,
                body=ChannelUseIn,
                button="Set what they may be used for",
                done="Set. It holds everywhere within a second.",
                hints={
                    "channel": "As http, whatsapp, or api: the completions API.",
                    "use": "None: nothing is learned from its texts, earlier ones neither.",
                },
            )
        },
    ),
    Screen(
        path="/console/channels/{account:str}",
        template="agent/channel.html",
        reads={"channels": channels.read_all},
        more=_one,
        forms={
            "set": Form(
                route=channels.replace,
                body=TwilioIn,
                button="Set this account",
                done="Set. It holds everywhere within a second.",
                current=lambda facts: facts["account"],
                secrets=("auth_token", "next_auth_token"),
                hints={
                    "auth_token": "Never shown. Left empty, the one that is set stays.",
                    "next_auth_token": "Signs as well, as long as it stands here: give it before Twilio's is rotated.",
                    "senders": "As whatsapp:+4312345678.",
                    "outside_window": "Of an answer that is due when the customer's 24 hours are over.",
                    "unknown_fate": "Of a message of which Twilio does not tell whether it went out.",
                    "check": "Observe: webhooks whose signature is wrong are let in, and counted.",
                    "use": "What texts may be used for beside answering.",
                },
            ),
            "remove": Form(
                route=channels.remove,
                button="Remove this account",
                to="/console/channels",
                done="The account is removed.",
                confirm="Its webhooks are refused from now on, and nothing goes out by it any more.",
                danger=True,
                offered=lambda facts: facts["account"] is not None,
            ),
        },
    ),
)
ROUTER = Router("/", route_handlers=[account], include_in_schema=False, exception_handlers=HANDLERS)
