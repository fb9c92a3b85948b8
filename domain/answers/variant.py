"""A variant: what differs from the agent in force, so that it can be compared with it, tried or rolled out. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection
from hashlib import sha256
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from domain.agents.configuration import ELSEWHERE, AgentConfiguration
from domain.answers.templates import TEMPLATES
from domain.answers.templates.template import LONGEST_PROMPT
from domain.answers.wordings import check_wording
from domain.base.errors import Invalid
from domain.gateway.policy import ModelId, RoutingPolicy

MODEL_CHOICE = "model"
"""The part of an agent that settles which model answers, by whatever field."""

CHOOSING = frozenset({"default_model", "fallback_models"})
"""Fields of the configuration that belong to it."""


class Variant(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Each part is optional; an empty one is the agent in force.

    `configuration`: fields of the agent's configuration. `routing`: a policy in the place of the tenant's. `prompts`: template → what it
    says. `model`: provider/model that answers whatever the routing policy says.
    """

    configuration: Annotated[dict[str, Any], Meta(max_length=100)] = {}
    routing: RoutingPolicy | None = None
    prompts: Annotated[dict[str, Annotated[str, Meta(max_length=LONGEST_PROMPT)]], Meta(max_length=50)] = {}
    model: ModelId | None = None

    def __hash__(self) -> int:
        """By its names: dicts have no hash, and some who describe a type want one of its defaults."""
        return hash((self.model, *sorted(self.configuration), *sorted(self.prompts)))

    @property
    def parts(self) -> frozenset[str]:
        """What of the agent it touches, as `configuration.tone`, `prompts.answer`, `model`."""
        fields = {f"configuration.{name}" for name in self.configuration if name not in CHOOSING}
        chooses = self.model is not None or self.routing is not None or CHOOSING & set(self.configuration)
        return frozenset(
            {*fields, *(f"prompts.{name}" for name in self.prompts), *({MODEL_CHOICE} if chooses else ())}
        )

    @property
    def models(self) -> tuple[str, ...]:
        """provider/model of all that it names."""
        fields = self.configuration
        named = [self.model, fields.get("default_model"), fields.get("understanding_model")]
        named += [*fields.get("fallback_models", ()), *(self.routing.models if self.routing else ())]
        return tuple(dict.fromkeys(name for name in named if name is not None))

    @property
    def digest(self) -> str:
        """SHA-256 (hex) of its canonical bytes: equal for variants that say the same, today and with fields that come later."""
        return sha256(msgspec.json.encode(_told(self), order="deterministic")).hexdigest()

    def applied(self, configuration: AgentConfiguration) -> AgentConfiguration:
        """The configuration with its fields in it."""
        fields = self.configuration
        if self.model is not None:
            fields = {**fields, "default_model": self.model}
        if not fields:
            return configuration
        given = msgspec.convert(fields, AgentConfiguration)
        return msgspec.structs.replace(configuration, **{name: getattr(given, name) for name in fields})

    def checked(self) -> Variant:
        """As it is kept. Raises Invalid, which says what there is instead."""
        for name in sorted(set(self.configuration) & set(ELSEWHERE)):
            raise Invalid(f"{name} is none of the agent's configuration; {ELSEWHERE[name]}, for all alike")
        if unknown := sorted(set(self.configuration) - set(AgentConfiguration.__struct_fields__)):
            known = ", ".join(AgentConfiguration.__struct_fields__)
            raise Invalid(f"the agent's configuration has no {_listed(unknown)}; it has {known}")
        if self.model is not None and (self.routing is not None or "default_model" in self.configuration):
            raise Invalid(
                "a variant with `model` names no `routing` and no `default_model`: it would pass them by"
            )
        if self.routing is not None:
            self.routing.check()
        if unknown := sorted(set(self.prompts) - set(TEMPLATES)):
            raise Invalid(f"there is no prompt {_listed(unknown)}; there are {', '.join(sorted(TEMPLATES))}")
        for name, text in self.prompts.items():
            check_wording(TEMPLATES[name], text, {})
        try:
            given = msgspec.convert(self.configuration, AgentConfiguration)
        except msgspec.ValidationError as error:
            raise Invalid(f"configuration: {error}") from None
        fields = {name: msgspec.to_builtins(getattr(given, name)) for name in sorted(self.configuration)}
        return msgspec.structs.replace(self, configuration=fields)

    def renamed(self, written: Callable[[str], str]) -> Variant:
        """With each provider/model as `written` writes it; of a variant that is checked."""
        fields = dict(self.configuration)
        for name in ("default_model", "understanding_model"):
            if fields.get(name) is not None:
                fields[name] = written(fields[name])
        if "fallback_models" in fields:
            fields["fallback_models"] = list(map(written, fields["fallback_models"]))
        return msgspec.structs.replace(
            self,
            configuration=fields,
            routing=self.routing and self.routing.renamed(written),
            model=self.model and written(self.model),
        )


def _told(value: Any) -> Any:
    """What is said, without what is so by default."""
    if not isinstance(value, msgspec.Struct):
        return msgspec.to_builtins(value)
    return {
        field.encode_name: _told(given)
        for field in msgspec.structs.fields(value)
        if (given := getattr(value, field.name)) != field.default
        and not (field.default_factory is not msgspec.NODEFAULT and given == field.default_factory())
    }


def _listed(names: Collection[str]) -> str:
    return ", ".join(repr(name[:60]) for name in names)
