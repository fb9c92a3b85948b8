"""Slack's incoming webhooks and PagerDuty's Events API v2, at the wire: they check what comes, and answer as those do."""

from __future__ import annotations

import json
from typing import Any

from tests.doubles.wire import Call, Reply

TEXT = {"Content-Type": "text/html"}


def slack(call: Call) -> Reply:
    """https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks#handling_errors"""
    if not isinstance(call.body.get("text"), str) or not call.body["text"]:
        return Reply(status=400, fields=TEXT, body=b"no_text")
    return Reply(fields=TEXT, body=b"ok")


class PagerDuty:
    """`open`: incidents by their key; `events` in the order in which they came."""

    def __init__(self) -> None:
        self.open: dict[str, dict[str, Any]] = {}
        self.events: list[tuple[str, str]] = []

    def __call__(self, call: Call) -> Reply:
        body = call.body
        key, action, payload = body.get("dedup_key"), body.get("event_action"), body.get("payload")
        if call.path != "/v2/enqueue" or len(body.get("routing_key", "")) != 32:
            return _invalid("'routing_key' is invalid")
        if action == "trigger":
            if not payload or not {"summary", "source", "severity"} <= payload.keys():
                return _invalid("'payload' is missing")
            if payload["severity"] not in ("critical", "error", "warning", "info"):
                return _invalid("'payload.severity' is invalid")
            self.open[str(key)] = payload
        elif action == "resolve":
            self.open.pop(str(key), None)
        else:
            return _invalid("'event_action' is invalid")
        self.events.append((action, str(key)))
        said = {"status": "success", "message": "Event processed", "dedup_key": key}
        return Reply(status=202, body=json.dumps(said).encode())


def _invalid(error: str) -> Reply:
    said = {"status": "invalid event", "message": "Event object is invalid", "errors": [error]}
    return Reply(status=400, body=json.dumps(said).encode())
