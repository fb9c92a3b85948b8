"""The messages of the channel that a campaign's message makes, in order. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from uuid import UUID

from domain.campaigns.buttons import button_id
from domain.campaigns.message import PAGES, CampaignMessage, File
from domain.conversations.campaigning import CampaignPart, TemplateWords
from domain.conversations.rich import CAPTIONED, IMAGES, Attachment, Card, Link, Option, QuickReplies, Rich

_VARIABLE = re.compile(r"\{\{([A-Za-z0-9]{1,16})\}\}")
Addresses = Mapping[int, str]


def parts_of(
    message: CampaignMessage, campaign: UUID, pages: Addresses | None = None
) -> tuple[CampaignPart, ...]:
    """As few as hold all of it. `pages`: addresses that stand in the place of buttons' own, by their number."""
    if (template := message.template) is not None:
        words = TemplateWords(name=template.name, variables=template.variables)
        return (CampaignPart(text=filled(template.body, template.variables), template=words),)
    return tuple(
        CampaignPart(text=each) if isinstance(each, str) else CampaignPart(rich=each)
        for each in _parts(message, campaign, pages or {})
    )


def filled(body: str, variables: Mapping[str, str]) -> str:
    """A template's text with its variables."""
    return _VARIABLE.sub(lambda match: variables.get(match[1], match[0]), body)


def _parts(message: CampaignMessage, campaign: UUID, pages: Addresses) -> Iterator[Rich | str]:
    """Where a form can't hold all of it, the file goes first and the rest after it."""
    file, text, below = message.file, message.text, message.text
    if file is not None:
        if message.buttons and file.media_type in IMAGES:
            yield _card(message, campaign, pages, file)
            return
        captioned = bool(text.strip()) and file.media_type in CAPTIONED and not message.buttons
        yield Attachment(
            url=file.url, media_type=file.media_type, size=file.size, caption=text if captioned else None
        )
        below = "" if captioned else text
    if message.buttons and any(button.action in PAGES for button in message.buttons):
        yield _card(message, campaign, pages, None)
    elif message.buttons:
        yield QuickReplies(body=text, options=_options(message, campaign))
    elif below.strip():
        yield below


def _card(message: CampaignMessage, campaign: UUID, pages: Addresses, file: File | None) -> Card:
    links = tuple(
        Link(title=button.title, url=pages.get(number) or button.url or "")
        for number, button in enumerate(message.buttons)
        if button.action in PAGES
    )
    media, kind = (None, None) if file is None else (file.url, file.media_type)
    options = _options(message, campaign)
    return Card(body=message.text, media=media, media_type=kind, options=options, links=links)


def _options(message: CampaignMessage, campaign: UUID) -> tuple[Option, ...]:
    return tuple(
        Option(title=button.title, id=button_id(campaign, number))
        for number, button in enumerate(message.buttons)
        if button.action not in PAGES
    )
