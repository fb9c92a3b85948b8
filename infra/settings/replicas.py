"""A deployment's read replicas as a setting has them: addresses of streaming standbys, each of the cell that it names."""

from __future__ import annotations

import re

from infra.secret import Secret
from infra.server_urls import checked_database_url
from infra.settings.cells import MAIN, NAME

FORM = "give postgresql://… for each, parted by spaces, those of other cells as name=postgresql://…"
_OF_CELL = re.compile(r"([^=:/?@]*)=(.*)", re.DOTALL)


def checked_replicas(text: str) -> str:
    """`url url name=url`. Raises ValueError whose text goes on from the setting's name and shows no password."""
    return " ".join(
        url if cell == MAIN else f"{cell}={url}" for cell, urls in replicas_in(text).items() for url in urls
    )


def replicas_in(text: str) -> dict[str, tuple[str, ...]]:
    """Cell → the addresses of its standbys, in the order in which they are given. Raises ValueError as above."""
    found: dict[str, tuple[str, ...]] = {}
    for number, part in enumerate(text.split(), 1):
        named = _OF_CELL.fullmatch(part)
        cell, url = (named[1], named[2]) if named else (MAIN, part)
        if not NAME.fullmatch(cell):
            raise ValueError(f"has no name of a cell before the = at its {number}. place: {FORM}")
        if not url.startswith("postgres"):
            raise ValueError(f"has no address at its {number}. place: {FORM}")
        try:
            checked = checked_database_url(url)
        except ValueError as error:
            raise ValueError(f"has an address at its {number}. place that {error}") from None
        if any(checked in urls for urls in found.values()):
            raise ValueError(f"has the address at its {number}. place twice")
        found[cell] = (*found.get(cell, ()), checked)
    return found


def replicas_of(replicas: dict[str, tuple[str, ...]], cell: str) -> Secret | None:
    """Those of one cell, as a setting of that cell alone."""
    return Secret(" ".join(replicas[cell])) if cell in replicas else None
