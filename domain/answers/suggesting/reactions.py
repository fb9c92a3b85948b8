"""What a customer makes of what was suggested: asks about it, presses its button, or declines it. What they buy is told by orders and bookings. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

import msgspec
from msgspec.structs import replace

from domain.answers.shown import Shown

ACCEPTED = timedelta(days=3)
"""After a suggestion, within which what the customer does may be its doing."""

KEPT = 60
"""Suggestions that are kept in mind of a customer, the latest."""

_BUTTON = "suggestion:"

ReactionKind = Literal["pressed", "asked", "declined"]


class Reaction(msgspec.Struct, frozen=True, kw_only=True):
    """To the `offer` that was suggested by `interaction`."""

    interaction: UUID
    offer: UUID
    kind: ReactionKind


def button_id(offer: UUID) -> str:
    """Of the button that stands for it."""
    return f"{_BUTTON}{offer.hex}"


def pressed_offer(id: str | None) -> UUID | None:
    """What a button that was pressed stands for; None: it is another one's."""
    if id is None or not id.startswith(_BUTTON):
        return None
    try:
        return UUID(hex=id.removeprefix(_BUTTON))
    except ValueError:
        return None


def reactions(
    shown: Sequence[Shown],
    at: datetime,
    *,
    pressed: Collection[UUID],
    named: Collection[UUID],
    refuses: bool,
    last: UUID | None,
) -> tuple[Reaction, ...]:
    """Of a burst that came `at`. `named`: offers that it names; `refuses`: it begins with a no; `last`: the answer before it, which that is said to."""
    found = []
    for each in shown:
        if each.reaction is not None or at - each.at > ACCEPTED:
            continue
        kind: ReactionKind | None = "pressed" if each.offer in pressed else None
        if kind is None and refuses and each.interaction == last:
            kind = "declined"
        if kind is None and not refuses and each.offer in named:
            kind = "asked"
        if kind is not None:
            found.append(Reaction(interaction=each.interaction, offer=each.offer, kind=kind))
    return tuple(found)


def after(
    shown: Sequence[Shown],
    reacted: Sequence[Reaction],
    new: Collection[UUID],
    interaction: UUID,
    at: datetime,
) -> tuple[Shown, ...]:
    """With these reactions, and what was shown by this answer."""
    by = {(each.interaction, each.offer): each.kind for each in reacted}
    kept = []
    for each in shown:
        kind = by.get((each.interaction, each.offer))
        if kind is not None:
            each = replace(each, reaction="declined" if kind == "declined" else "accepted")
        kept.append(each)
    kept += [Shown(offer=offer, interaction=interaction, at=at) for offer in new]
    return tuple(kept[-KEPT:])
