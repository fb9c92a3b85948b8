"""Channels by which people are told of alerts. Secrets are taken, and never shown."""

from __future__ import annotations

from interfaces.http.console.screens.form import Form
from interfaces.http.console.screens.screen import Screen
from interfaces.http.insight.alerts import channel
from interfaces.http.insight.alerts.forms import AlertChannelChange, AlertChannelIn

KINDS = "email (to), slack (url), pagerduty (routing_key, region), webhook (url, secret); in brackets its settings."

SCREENS = (
    Screen(
        path="/console/alert-channels",
        template="alerts/channels.html",
        reads={"channels": channel.list_channels},
        forms={
            "add": Form(
                route=channel.add_channel,
                body=AlertChannelIn,
                button="Add a channel",
                to="/console/alert-channels/{id}",
                done="Added. Rules that name no channel tell all that are enabled.",
                secrets=("settings",),
                hints={"kind": KINDS},
                options=lambda facts: {"kind": ["email", "slack", "pagerduty", "webhook"]},
            )
        },
    ),
    Screen(
        path="/console/alert-channels/{channel:uuid}",
        template="alerts/channel.html",
        reads={"channel": channel.read_channel},
        forms={
            "test": Form(route=channel.send_test, button="Send a test message", answer="alerts/tested.html"),
            "change": Form(
                route=channel.change_channel,
                body=AlertChannelChange,
                button="Save",
                done="Saved. Whatever failed before is forgotten.",
                current=lambda facts: facts["channel"],
                hints={"settings": "A secret that is left out stays as it is."},
            ),
            "remove": Form(
                route=channel.remove_channel,
                button="Remove this channel",
                to="/console/alert-channels",
                done="The channel is removed.",
                confirm="What waits to be sent by it is given up. It can not be undone.",
                danger=True,
            ),
        },
    ),
)
