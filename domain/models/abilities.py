"""Abilities of models that a request may need, as the catalogue names them."""

from __future__ import annotations

from collections.abc import Iterable

TOLD = {
    "tools": "use tools",
    "json": "answer in JSON",
    "json_schema": "answer by a JSON schema",
    "images": "read images",
    "files": "read files",
    "choices": "give several choices",
    "logprobs": "tell log probabilities",
}
"""Ability → what a model can do that has it."""

FIELDS = {"choices": "n", "logprobs": "logprobs"}
"""Ability → the field of a request that asks for it, of those that nothing else in the request tells."""


def told(abilities: Iterable[str]) -> str:
    """As `use tools or read images`."""
    return " or ".join(TOLD[each] for each in TOLD if each in set(abilities))
