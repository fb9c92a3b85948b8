"""How pages write figures and times: filters of the templates, so that the same thing looks the same on each page."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from markupsafe import Markup

from domain.base.plain_digits import to_json
from domain.insight.alerts.metrics import METRICS

NONE = "–"
"""Stands where there is no figure: a zero would be one."""


def when(at: datetime | None, seconds: bool = False) -> Markup | str:
    """A moment in UTC, as an element that machines read too."""
    if at is None:
        return NONE
    at = at.astimezone(UTC)
    text = at.strftime("%Y-%m-%d %H:%M:%S" if seconds else "%Y-%m-%d %H:%M")
    return Markup('<time datetime="{}">{} UTC</time>').format(at.isoformat(), text)


def day(on: date | None) -> Markup | str:
    """A day."""
    return NONE if on is None else Markup('<time datetime="{0}">{0}</time>').format(on.isoformat()[:10])


def number(value: float | Decimal | None, decimals: int = 0) -> str:
    """With commas between thousands."""
    return NONE if value is None else f"{value:,.{decimals}f}"


def money(value: Decimal | str | float | None) -> str:
    """USD: cents from one dollar on, four significant digits below it, so that the price of one answer is not $0.00."""
    if value is None:
        return NONE
    amount = Decimal(str(value))
    sign, size = ("-" if amount < 0 else ""), abs(amount)
    if size == 0 or size >= 1:
        return f"{sign}${size:,.2f}"
    places = min(12, 3 - size.adjusted())
    text = f"{size:.{places}f}".rstrip("0")
    whole, _, cents = text.partition(".")
    return f"{sign}${whole}.{cents.ljust(2, '0')}"


def percent(share: float | Decimal | None, decimals: int = 1) -> str:
    """Of a share of 1."""
    return NONE if share is None else f"{float(share) * 100:.{decimals}f} %"


def measured(value: float | None, metric: str) -> str:
    """A figure that an alert goes by, in its metric's unit."""
    match METRICS[metric].unit:
        case "share":
            return percent(value)
        case "USD":
            return money(value)
        case "seconds":
            return duration(None if value is None else 1000 * value)
        case "count":
            return number(value)


def share_text(value: float | Decimal) -> str:
    """A share as it is typed: 0.125 is 12.5 %."""
    text = f"{Decimal(str(value)) * 100:f}"
    return f"{text.rstrip('0').rstrip('.') if '.' in text else text} %"


def duration(milliseconds: float | Decimal | None) -> str:
    """Milliseconds below a second, seconds below two minutes, then minutes and hours."""
    if milliseconds is None:
        return NONE
    ms = float(milliseconds)
    for below, text in (
        (999.5, f"{ms:.0f} ms"),
        (120_000, f"{ms / 1000:.1f} s"),
        (7_200_000, f"{ms / 60_000:.0f} min"),
        (172_800_000, f"{ms / 3_600_000:.1f} h"),
    ):
        if ms < below:
            return text
    return f"{ms / 86_400_000:.1f} d"


def words(name: str) -> str:
    """A name of the API as words: `waiting_for_operator` → `Waiting for operator`."""
    text = name.replace("_", " ").replace("-", " ")
    return text[:1].upper() + text[1:]


def json(value: Any) -> str:
    """A value of an event or a state, on one line; a text without its quotes."""
    return value if isinstance(value, str) else to_json(value).decode()


FILTERS: dict[str, Callable[..., Any]] = {
    "when": when,
    "day": day,
    "number": number,
    "money": money,
    "percent": percent,
    "duration": duration,
    "measured": measured,
    "words": words,
    "json": json,
}
