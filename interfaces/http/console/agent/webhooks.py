"""Outgoing webhooks: apps that are told events."""

from __future__ import annotations

from interfaces.http.console.screens.form import Form
from interfaces.http.console.screens.screen import Screen
from interfaces.http.webhooks import webhook
from interfaces.http.webhooks.webhook_forms import RangeIn, WebhookChange, WebhookIn, WebhookOut

HINTS = {
    "url": "https, to be reached from here.",
    "events": "Kinds as in the log, as conversation.answered, or conversation.* for all of a conversation.",
    "secret": "As whsec_…; left empty one is made.",
}

SCREENS = (
    Screen(
        path="/console/webhooks",
        template="agent/webhooks.html",
        reads={"webhooks": webhook.list_all},
        forms={
            "add": Form(
                route=webhook.add,
                body=WebhookIn,
                button="Add an endpoint",
                answer="agent/webhook-secret.html",
                labels={"url": "Address"},
                hints=HINTS,
                secrets=("secret",),
            )
        },
    ),
    Screen(
        path="/console/webhooks/{endpoint:uuid}",
        template="agent/webhook.html",
        reads={"webhook": webhook.read},
        more=lambda facts: {"current": {**_plain(facts["webhook"])}},
        forms={
            "change": Form(
                route=webhook.replace,
                body=WebhookChange,
                button="Save",
                current=lambda facts: facts["current"],
                labels={"url": "Address"},
                hints=HINTS,
            ),
            "replay": Form(
                route=webhook.replay,
                body=RangeIn,
                button="Tell it once more",
                done="It is told once more, beside what is new.",
                labels={"first": "First position", "last": "Last position"},
            ),
            "rotate": Form(
                route=webhook.rotate, button="Give it another secret", answer="agent/webhook-secret.html"
            ),
            "remove": Form(
                route=webhook.remove,
                button="Remove this endpoint",
                to="/console/webhooks",
                done="The endpoint is removed.",
                confirm="Nothing more is told to it, not what waits either. It can not be undone.",
                danger=True,
            ),
        },
    ),
)


def _plain(shown: WebhookOut) -> dict[str, object]:
    return {
        "url": shown.url,
        "events": shown.events,
        "description": shown.description,
        "enabled": shown.disabled is None,
    }
