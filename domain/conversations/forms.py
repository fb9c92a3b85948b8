"""Which form choices take, and each form as plain text, for where there is no other. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import assert_never

from domain.conversations.rich import Attachment, Card, Choices, Option, QuickReplies, Rich


def choices(body: str, options: Sequence[Option], button: str) -> Rich | str:
    """Buttons for up to three options, a list for up to ten, which `button` opens, else a numbered text.

    So it is too where a title is too long for the form, or two are the same: what the next form takes, goes in that.
    """
    given = tuple(options)
    for form in (QuickReplies(body=body, options=given), Choices(body=body, button=button, options=given)):
        if form.problem() is None:
            return form
    return _lines(body, given)


def as_text(rich: Rich) -> str:
    """All of it that can be read."""
    match rich:
        case QuickReplies() | Choices():
            return _lines(rich.body, rich.options)
        case Card():
            links = tuple(f"{link.title}: {link.url}" for link in rich.links)
            text = "\n\n".join(filter(None, (rich.title, rich.body, rich.media, "\n".join(links))))
            return _lines(text, rich.options)
        case Attachment():
            return "\n\n".join(filter(None, (rich.caption, rich.url)))
        case _:
            assert_never(rich)


def words_of(rich: Rich) -> str:
    """What stands in it as text: a body, or a caption; empty where a file has none."""
    return (rich.caption or "") if isinstance(rich, Attachment) else rich.body


def _lines(body: str, options: Sequence[Option]) -> str:
    return "\n\n".join(filter(None, (body, "\n".join(_numbered(options)))))


def _numbered(options: Sequence[Option]) -> Iterator[str]:
    for number, option in enumerate(options, 1):
        described = f" – {option.description}" if option.description else ""
        yield f"{number}. {option.title}{described}"
