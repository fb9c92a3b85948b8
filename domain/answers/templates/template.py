"""Prompt templates: a text with placeholders in braces (`domain/base/placeholders.py`). Pure."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from domain.base.errors import Invalid
from domain.base.placeholders import placeholders

LONGEST_PROMPT, LONGEST_TEXT = 8_000, 1_000
"""Characters of a prompt for a model, and of a text that customers read."""

ENGLISH = "en"


class Template(msgspec.Struct, frozen=True, kw_only=True):
    """`texts` by language (ISO 639-1). `told`: customers read it; else a model does, and it stands in English alone.

    A changed text has a new `version`: with its name it stands on each interaction. `known`: the placeholders that may stand in it, each
    with what is put in; `required`: those that must, for without them a setting of the tenant's would have no effect.
    """

    name: str
    version: int
    told: bool
    texts: Mapping[str, str]
    known: Mapping[str, str] = {}
    required: frozenset[str] = frozenset()

    @property
    def id(self) -> str:
        return f"{self.name}/{self.version}"

    def check(self, text: str) -> None:
        """Whether a tenant may have it say `text`. Raises Invalid."""
        most = LONGEST_TEXT if self.told else LONGEST_PROMPT
        if not text.strip():
            raise Invalid(
                f"the text of {self.name!r} is empty; DELETE /v1/prompts/{self.name} takes the shipped one back"
            )
        if len(text) > most:
            raise Invalid(f"the text of {self.name!r} has {len(text)} characters; send at most {most}")
        used = placeholders(text)
        known = ", ".join(f"{{{name}}}" for name in sorted(self.known)) or "none"
        if unknown := sorted(used - set(self.known)):
            named = ", ".join(f"{{{name}}}" for name in unknown)
            raise Invalid(f"{self.name!r} knows no {named}; known are: {known}")
        if missing := sorted(self.required - used):
            named = ", ".join(f"{{{name}}}" for name in missing)
            raise Invalid(
                f"the text of {self.name!r} lacks {named}; put it in, each where its words are to stand"
            )
