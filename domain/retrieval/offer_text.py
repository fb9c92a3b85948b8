"""An offer of the catalogue as a text: what it is found by in meaning, and what an answer may say of it. Pure.

How many there are is not in it: that changes from one moment to the next.
"""

from __future__ import annotations

from domain.shop.availability import WEEKDAYS, Availability, WeeklyWindow
from domain.shop.offer import Offer
from domain.shop.service import ServiceFacts

LONGEST = 1_800
"""Characters of a description that are in it: it stays one passage."""


def offer_text(offer: Offer) -> str:
    """Its name first, then its description, what it costs, where it belongs, and of a service when it can be had."""
    lines = [offer.name, _cut(offer.description.strip()), f"Price: {offer.price:f} {offer.currency}"]
    if offer.category or offer.tags:
        lines.append(", ".join(dict.fromkeys(filter(None, (offer.category, *offer.tags)))))
    if isinstance(offer, ServiceFacts):
        lines += _hours(offer.availability)
    return "\n".join(filter(None, lines))


def _hours(given: Availability) -> list[str]:
    lines = [f"Duration: {given.duration_minutes} minutes"]
    for weekday in WEEKDAYS:
        if windows := [each for each in given.weekly if each.weekday == weekday]:
            lines.append(f"{weekday.capitalize()}: {_windows(windows)}")
    return lines


def _windows(windows: list[WeeklyWindow]) -> str:
    return ", ".join(f"{each.opens}–{each.closes}" for each in sorted(windows, key=_opens))


def _opens(window: WeeklyWindow) -> str:
    return window.opens


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else text[:LONGEST].rsplit(" ", 1)[0] + " …"
