"""Content templates of Twilio's for rich messages: one a shape, whose words are variables (twilio.com/docs/content)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

import msgspec

from domain.conversations.rich import Attachment, Card, Choices, Option, QuickReplies, Rich


class Content(msgspec.Struct, frozen=True, kw_only=True):
    """`shape` names `types`; `variables` are the words of one message, by name."""

    shape: str
    types: dict[str, Any]
    variables: dict[str, str]


class _Words:
    """Collects words, each of which becomes a variable."""

    def __init__(self) -> None:
        self.variables: dict[str, str] = {}

    def put(self, word: str) -> str:
        name = str(len(self.variables) + 1)
        self.variables[name] = word
        return "{{" + name + "}}"

    def address(self, url: str) -> tuple[str, str]:
        """With all after its host as a variable, since Twilio checks the host; and what is fixed of it."""
        parts = urlsplit(url)
        origin = f"{parts.scheme}://{parts.netloc}/"
        path = url.removeprefix(origin)
        return (url, url) if path in ("", url) else (origin + self.put(path), origin)

    def replies(self, options: Sequence[Option]) -> list[dict[str, str]]:
        return [
            {"type": "QUICK_REPLY", "title": self.put(option.title), "id": self.put(option.key)}
            for option in options
        ]


def content_of(rich: Rich) -> Content | None:
    """None for what goes out without a template."""
    words = _Words()
    match rich:
        case Attachment():
            return None
        case QuickReplies():
            shape = f"quick_replies/{len(rich.options)}"
            body = words.put(rich.body)
            types: dict[str, Any] = {
                "twilio/quick-reply": {"body": body, "actions": words.replies(rich.options)}
            }
        case Choices():
            described = "".join(str(int(option.description is not None)) for option in rich.options)
            shape = f"choices/{described}"
            types = {"twilio/list-picker": {"body": words.put(rich.body), "button": words.put(rich.button)}}
            types["twilio/list-picker"]["items"] = [_item(option, words) for option in rich.options]
        case Card():
            shape, card = _card(rich, words)
            types = {"twilio/card": card}
    return Content(shape=shape, types=types, variables=words.variables)


def samples_of(content: Content) -> dict[str, str]:
    """Words that stand in the template, and mean nobody. Ids and titles differ from each other."""
    return {name: f"sample {name}" for name in content.variables}


def _item(option: Option, words: _Words) -> dict[str, str]:
    item = {"item": words.put(option.title), "id": words.put(option.key)}
    return item if option.description is None else item | {"description": words.put(option.description)}


def _card(rich: Card, words: _Words) -> tuple[str, dict[str, Any]]:
    card: dict[str, Any] = {"body": words.put(rich.body)}
    fixed = ["card", f"replies {len(rich.options)}"]
    if rich.title is not None:
        card["title"] = words.put(rich.title)
        fixed.append("title")
    if rich.media is not None:
        media, origin = words.address(rich.media)
        card["media"] = [media]
        fixed.append(f"media {origin}")
    actions = words.replies(rich.options)
    for link in rich.links:
        url, origin = words.address(link.url)
        actions.append({"type": "URL", "title": words.put(link.title), "url": url})
        fixed.append(f"link {origin}")
    if actions:
        card["actions"] = actions
    return "/".join(fixed), card
