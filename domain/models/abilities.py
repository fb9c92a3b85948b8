"""Abilities of models that a request may need, as the catalogue names them."""

from __future__ import annotations

from collections.abc import Iterable

TOLD = {
    "tools": "use tools",
    "json": "answer in JSON",
    "json_schema": "answer by a JSON schema",
    "images": "read images",
    "files": "read files",
}
"""Ability → what a model can do that has it."""


def told(abilities: Iterable[str]) -> str:
    """As `use tools or read images`."""
    return " or ".join(TOLD[each] for each in TOLD if each in set(abilities))
