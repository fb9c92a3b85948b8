"""A deployment's cells as a setting has them: a name and an address each."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import quote, urlencode

from psycopg.conninfo import conninfo_to_dict

from infra.server_urls import checked_database_url

MAIN: Final = "main"
"""The cell that DATABASE_URL names, or that is embedded."""

NAME = re.compile(r"[a-z][a-z0-9-]{0,30}")
FORM = "give name=postgresql://… for each, parted by spaces"


def checked_cells(text: str) -> str:
    """`name=url name=url`. Raises ValueError whose text goes on from the setting's name and shows no password."""
    return cells_text(cells_in(text))


def cells_text(cells: Mapping[str, str]) -> str:
    """As the setting has them. An address may be of libpq's other form, which has spaces: it becomes a URL."""
    return " ".join(f"{name}={url if '://' in url else _url(url)}" for name, url in cells.items())


def _url(text: str) -> str:
    facts = {name: str(value) for name, value in conninfo_to_dict(text).items() if value is not None}
    return f"postgresql:///?{urlencode(facts, quote_via=quote)}"


def cells_in(text: str) -> dict[str, str]:
    """Name → address, in the order in which they are given. Raises ValueError as above."""
    found: dict[str, str] = {}
    for number, part in enumerate(text.split(), 1):
        name, equals, url = part.partition("=")
        if not equals or not NAME.fullmatch(name):
            raise ValueError(
                f"has no name at its {number}. place, or one that is not of a-z, 0-9 and -: {FORM}"
            )
        if name == MAIN:
            raise ValueError(f"names a cell {MAIN!r}, which is that of DATABASE_URL: choose another name")
        if name in found:
            raise ValueError(f"has two cells {name!r}")
        try:
            checked = checked_database_url(url)
        except ValueError as error:
            raise ValueError(f"has a cell {name!r} whose address {error}") from None
        if checked in found.values():
            raise ValueError(f"has the address of {name!r} twice: two cells are two databases")
        found[name] = checked
    return found
