"""The console's menu: one line a page that has a place in it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from domain.tenancy.scopes import Scope


class Entry(NamedTuple):
    """`scope` that opens it; None: all who are signed in see it."""

    title: str
    path: str
    scope: Scope | None


NAVIGATION: Sequence[Entry] = (
    Entry("Home", "/console", None),
    Entry("Your account", "/console/account", None),
)


def entries_for(scopes: Sequence[Scope]) -> list[Entry]:
    """Those that somebody with these scopes can open."""
    return [entry for entry in NAVIGATION if entry.scope is None or entry.scope in scopes]
