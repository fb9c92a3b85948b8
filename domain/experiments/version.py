"""A version of the agent as a whole: its configuration, its routing policy, what its prompts say. Pure values."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import msgspec

from domain.agents.configuration import AgentConfiguration
from domain.answers.wordings import Wording
from domain.gateway.policy import RoutingPolicy


class Versions(msgspec.Struct, frozen=True, kw_only=True):
    """Where the log has it: the versions of the tenant's streams `agent`, `routing` and `prompts` (0: nothing was ever set), and the digest
    of what they say together."""

    agent: int
    routing: int
    prompts: int
    digest: str


class AgentVersion(msgspec.Struct, frozen=True, kw_only=True):
    """`policy` None: every question goes to the configuration's default model. `prompts`: the tenant's own words, by template."""

    configuration: AgentConfiguration
    policy: RoutingPolicy | None
    prompts: Mapping[str, Wording]

    @property
    def models(self) -> tuple[str, ...]:
        """provider/model of all that may be asked."""
        own, policy = self.configuration, self.policy
        named = (own.default_model, *own.fallback_models, *(policy.models if policy is not None else ()))
        understands = () if own.understanding_model is None else (own.understanding_model,)
        return tuple(dict.fromkeys((*named, *understands)))

    @property
    def digest(self) -> str:
        """SHA-256 of what it says, as hex: the same for the same content, whichever versions of their streams it stands in, and whatever
        fields with defaults a later version of the program has."""
        usual: dict[str, Any] = msgspec.to_builtins(AgentConfiguration())
        own: dict[str, Any] = msgspec.to_builtins(self.configuration)
        said = {
            "configuration": {name: value for name, value in own.items() if value != usual[name]},
            "policy": self.policy,
            "prompts": {name: (wording.text, wording.texts) for name, wording in self.prompts.items()},
        }
        return hashlib.sha256(msgspec.json.encode(said, order="sorted")).hexdigest()
