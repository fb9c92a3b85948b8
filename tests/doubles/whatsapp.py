"""What Twilio makes of a content template, and what WhatsApp refuses of it. Shares no code with what it checks."""

from __future__ import annotations

import re
from typing import Any

_VARIABLE = re.compile(r"\{\{(\w{1,16})\}\}")


def filled(shape: Any, variables: dict[str, str]) -> Any:
    """The shape of a content template with its variables."""
    if isinstance(shape, str):
        return _VARIABLE.sub(lambda match: variables.get(match[1], match[0]), shape)
    if isinstance(shape, list):
        return [filled(each, variables) for each in shape]
    if isinstance(shape, dict):
        return {name: filled(each, variables) for name, each in shape.items()}
    return shape


def _width(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def refused(kind: str, content: dict[str, Any]) -> tuple[int, str] | None:
    """Code and text of what refuses a content that is sent in a session; None: it is taken."""
    wrong = []
    body = content.get("body", "")
    if _width(body) > 1024:
        wrong.append("body")
    if kind == "twilio/quick-reply":
        titles = [action["title"] for action in content["actions"]]
        ids = [action["id"] for action in content["actions"]]
        if not body.strip() or not 1 <= len(titles) <= 3 or len(set(titles)) < len(titles):
            wrong.append("actions")
        if not all(0 < _width(title) <= 20 for title in titles) or not all(
            0 < _width(id) <= 256 for id in ids
        ):
            wrong.append("title")
    elif kind == "twilio/list-picker":
        items = content["items"]
        if not body.strip() or not 1 <= len(items) <= 10 or not 0 < _width(content["button"]) <= 20:
            wrong.append("items")
        for item in items:
            if not 0 < _width(item["item"]) <= 24 or not 0 < _width(item["id"]) <= 200:
                wrong.append("item")
            if "description" in item and not 0 < _width(item["description"]) <= 72:
                wrong.append("description")
    elif kind == "twilio/card":
        if not (content.get("title") or body) or len(content.get("actions", [])) > 3:
            wrong.append("card")
    elif kind not in ("twilio/text", "twilio/media"):
        wrong.append(kind)
    return (
        (63013, f"This message send failed because it violates Channel provider's policy: {wrong}")
        if wrong
        else None
    )
