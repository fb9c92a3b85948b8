"""Wordings: what the agent's prompts and texts say, the shipped templates or a tenant's own words in their place. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import Annotated

import msgspec
from msgspec import Meta

from domain.answers.templates import TEMPLATES
from domain.answers.templates.template import ENGLISH, LONGEST_PROMPT, Template
from domain.base.errors import Invalid, NotFound
from domain.base.patterns import LANGUAGE
from domain.base.placeholders import fill

Language = Annotated[str, Meta(pattern=LANGUAGE)]
"""ISO 639-1."""
Text = Annotated[str, Meta(max_length=LONGEST_PROMPT)]


class Wording(msgspec.Struct, frozen=True, kw_only=True):
    """A tenant's own words: `texts` by language, `text` for all others. `number`: which one for this template it is, counting from 1."""

    text: Text
    texts: Annotated[dict[Language, Text], Meta(max_length=60)] = {}
    number: int


class Wordings(msgspec.Struct, frozen=True, kw_only=True):
    """Those in force. `own` by template; `varied`: what a variant of the agent has them say in any case."""

    own: Mapping[str, Wording] = {}
    varied: Mapping[str, str] = {}

    def varied_by(self, texts: Mapping[str, str]) -> Wordings:
        """With the texts of a variant over them."""
        return msgspec.structs.replace(self, varied={**self.varied, **texts}) if texts else self

    def id_of(self, name: str) -> str:
        """Template and version, as they stand on an interaction: `answer/4`, `answer/4+own-2` for the tenant's second wording of it, or
        `answer/4+variant-` and a digest of its text."""
        shipped, own = TEMPLATES[name].id, self.own.get(name)
        if (text := self.varied.get(name)) is not None:
            return f"{shipped}+variant-{sha256(text.encode(errors='surrogatepass')).hexdigest()[:8]}"
        return shipped if own is None else f"{shipped}+own-{own.number}"

    def prompt(self, name: str, values: Mapping[str, str]) -> str:
        """A prompt for a model."""
        if (text := self.varied.get(name)) is not None:
            return fill(text, values)
        own = self.own.get(name)
        return fill(TEMPLATES[name].texts[ENGLISH] if own is None else own.text, values)

    def told(self, name: str, language: str | None, values: Mapping[str, str]) -> str:
        """A text for a customer, in their language where there is one."""
        if (text := self.varied.get(name)) is not None:
            return fill(text, values)
        shipped, own = TEMPLATES[name].texts, self.own.get(name)
        if own is not None:
            return fill(own.texts.get(language or "", own.text), values)
        return fill(shipped.get(language or "", shipped[ENGLISH]), values)


SHIPPED = Wordings()


def template_of(name: str) -> Template:
    """Raises NotFound."""
    if name not in TEMPLATES:
        raise NotFound(f"there is no prompt {name[:60]!r}; there are {', '.join(sorted(TEMPLATES))}")
    return TEMPLATES[name]


def check_wording(template: Template, text: str, texts: Mapping[str, str]) -> None:
    """Raises Invalid."""
    if texts and not template.told:
        raise Invalid(
            f"{template.name!r} is read by a model alone, and has no texts by language; send `text`"
        )
    for each in (text, *texts.values()):
        template.check(each)
