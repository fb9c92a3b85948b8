"""Product card, service card: the form of an answer about one offer of the catalogue, with its picture. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from domain.answers.pictured import Pictured
from domain.conversations.rich import Card, Option


def offer_card(text: str, offer: Pictured, options: Sequence[Option] = ()) -> Card | None:
    """The answer below the picture, with name and price before it where it does not tell both; `options` are its buttons. None where it does not fit: then the
    text goes out."""
    amounts = (offer.amount, offer.amount.replace(".", ","))
    told = offer.name.casefold() in text.casefold() and any(each in text for each in amounts)
    head = "" if told else f"{offer.name} · {offer.amount} {offer.currency}\n\n"
    card = Card(
        body=f"{head}{text}", media=offer.picture, media_type=offer.media_type, options=tuple(options)
    )
    return card if card.problem() is None else None
