"""Ids of a campaign's buttons, as they come back when one was pressed. Pure."""

from __future__ import annotations

from uuid import UUID

_BUTTON = "campaign"


def button_id(campaign: UUID, number: int) -> str:
    """`number`: the button's place, from 0."""
    return f"{_BUTTON}:{campaign.hex}:{number}"


def button_of(id: str | None) -> tuple[UUID, int] | None:
    """The campaign and the button's place; None: it is another one's."""
    name, _, rest = (id or "").partition(":")
    campaign, _, number = rest.partition(":")
    if (
        name != _BUTTON
        or len(campaign) != 32
        or not (number.isascii() and number.isdecimal())
        or len(number) > 2
    ):
        return None
    try:
        return UUID(campaign), int(number)
    except ValueError:
        return None
