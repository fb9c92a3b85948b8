"""The list of campaigns with a form for a new one; and one campaign: how far it has come, what came of it, and what can be told it."""

from __future__ import annotations

from collections.abc import Callable

from domain.campaigns.plan import Plan
from interfaces.http.campaigns import campaign, figures, life
from interfaces.http.campaigns.campaign_out import ScheduleIn
from interfaces.http.campaigns.preview import PreviewIn, preview
from interfaces.http.console.screens.form import Facts, Form
from interfaces.http.console.screens.screen import Screen

LABELS = {
    "message.text": "Text",
    "message.file.url": "Address of a file",
    "message.file.media_type": "Type of the file",
    "message.file.size": "Bytes of the file",
    "message.template.name": "Template",
    "message.template.body": "The template's text",
    "message.template.variables": "The template's variables",
    "message.buttons": "Buttons",
    "message.fallbacks": "In place of what is not known",
    "audience.channel": "Channel",
    "audience.heard_after": "Who wrote after",
    "audience.heard_before": "Who wrote last before",
    "audience.heard_within_days": "Who wrote within days",
    "audience.bought": "Who has bought or booked",
    "audience.conversations": "Only these conversations",
    "sender": "From our address",
    "outside_window": "Who wrote more than 24 hours ago",
    "quiet_hours.begin": "Quiet from",
    "quiet_hours.end": "Quiet until",
    "time_zone": "Time zone of customers whose number tells none",
    "conversion_days": "Days for which orders and bookings count",
}
HINTS = {
    "message.text": "Up to 1,600 characters; 1,024 with buttons, or below an image or a video. {first_name}, {name}, {product} and {service} are filled for each customer.",
    "message.file.url": "Public, and begins with https://.",
    "message.file.media_type": "As image/jpeg, video/mp4 or application/pdf.",
    "message.template.body": "As it was approved, with {{1}} for a variable.",
    "message.buttons": "Up to 3, as: No news, opt_out. Actions: agent, reply, opt_out, link, book, buy.",
    "message.fallbacks": "As: first_name=there. Who has neither a value nor a fallback is left out.",
    "audience.bought": "As: product, , , 90. Kinds: product, service, any.",
    "sender": "Empty: the one that each customer wrote to last.",
}


def _is(*statuses: str) -> Callable[[Facts], bool]:
    return lambda facts: facts["campaign"].status in statuses


def _plan(facts: Facts) -> Plan:
    found: Plan = facts["campaign"].plan
    return found


SCREENS = (
    Screen(
        path="/console/campaigns",
        template="campaigns/campaigns.html",
        reads={"campaigns": campaign.list_all},
        forms={
            "create": Form(
                route=campaign.create,
                body=Plan,
                button="Save the draft",
                to="/console/campaigns/{id}",
                done="The draft is saved. Nobody gets it yet.",
                labels=LABELS,
                hints=HINTS,
            )
        },
    ),
    Screen(
        path="/console/campaigns/{campaign:uuid}",
        template="campaigns/campaign.html",
        reads={"campaign": campaign.read, "figures": figures.figures},
        forms={
            "preview": Form(
                route=preview,
                body=PreviewIn,
                only=("at", "limit"),
                button="Try it out",
                answer="campaigns/previewed.html",
                labels={"at": "As of", "limit": "Customers that are looked at"},
                hints={"at": "Empty: now."},
                offered=_is("draft", "scheduled", "running", "paused"),
            ),
            "schedule": Form(
                route=life.schedule,
                body=ScheduleIn,
                button="Schedule it",
                done="It is scheduled.",
                labels={"at": "It begins at"},
                hints={"at": "Empty: now."},
                offered=_is("draft", "scheduled"),
            ),
            "pause": Form(
                route=life.pause,
                button="Pause",
                done="It is paused.",
                offered=_is("scheduled", "running"),
            ),
            "resume": Form(
                route=life.resume,
                button="Go on",
                done="It goes on.",
                offered=_is("paused"),
            ),
            "cancel": Form(
                route=life.cancel,
                button="Cancel it",
                done="It is cancelled.",
                confirm="Nobody gets it any more who has not got it. It can not be gone on with.",
                danger=True,
                offered=_is("draft", "scheduled", "running", "paused"),
            ),
            "change": Form(
                route=campaign.replace,
                body=Plan,
                button="Save the plan",
                current=_plan,
                labels=LABELS,
                hints=HINTS,
                offered=_is("draft", "scheduled"),
            ),
        },
    ),
)
