"""A campaign's message: a text, a file, buttons, or an approved template. Pure."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

Action = Literal["agent", "opt_out", "reply", "link", "book", "buy"]
"""What a press does: the agent answers it as a message; the customer opts out; `reply` is said; a page opens: any, one to book, one to buy."""

PAGES: frozenset[Action] = frozenset({"link", "book", "buy"})


class Button(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """`url`: of a page. `reply`: what is said when it was pressed; of `opt_out` and `reply` alone. Of a template the button is known by its
    `title`, or by its `id` where that has one of its own."""

    title: Annotated[str, Meta(max_length=200)]
    action: Action = "agent"
    url: Annotated[str, Meta(max_length=2000)] | None = None
    reply: Annotated[str, Meta(max_length=2000)] | None = None
    id: Annotated[str, Meta(max_length=300)] | None = None


class File(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """At a public https address; `size` in bytes, where it is known."""

    url: Annotated[str, Meta(max_length=2000)]
    media_type: Annotated[str, Meta(max_length=100)]
    size: int | None = None


class TemplateUse(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """`name`: as `templates` of the account has it. `body`: its text as it was approved, with `{{1}}` for a variable: what the transcript,
    the agent and whoever looks for a lost message read."""

    name: Annotated[str, Meta(max_length=100)]
    body: Annotated[str, Meta(min_length=1, max_length=4096)]
    variables: dict[str, str] = {}


class CampaignMessage(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True
):
    """Either a `template`, or a `text` (of a file its caption) with a file and buttons as they are wanted. `{name}`, `{first_name}`, `{product}`
    (ordered last) and `{service}` (booked last) in the text, and in the template's variables, are filled for each customer. `fallbacks`: placeholder
    → what stands there of whom nothing is known; without one they are left out. Empty: nothing, and a line that would be empty goes."""

    text: Annotated[str, Meta(max_length=8000)] = ""
    file: File | None = None
    template: TemplateUse | None = None
    buttons: Annotated[tuple[Button, ...], Meta(max_length=10)] = ()
    fallbacks: dict[str, str] = {}

    def pressed(self, id: str | None, title: str | None) -> int | None:
        """Which of a template's buttons it is."""
        for number, button in enumerate(self.buttons):
            if (button.id or button.title) in (id, title):
                return number
        return None
