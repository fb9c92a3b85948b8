"""Which model answers: the decision, with its reasons."""

from __future__ import annotations

from typing import Literal

import msgspec

Tier = Literal["simple", "default", "complex", "large_context"]

Decider = Literal[
    "pinned", "experiment", "deployment", "budget", "large_context", "score", "configuration", "decision"
]
"""What settled it; `domain/gateway/policy.py` has their order. "configuration": there is no routing policy. "decision": no model was
asked, for what the customer got was decided without one."""


Cause = Literal["missing", "no_room", "unable", "unhealthy", "unpriced"]

LAST_RESORT = "local/extractive"
"""Who answers when no other does, without a network: with sentences of the documents."""

INSTEAD = f"{LAST_RESORT} answers for the agent alone"
"""Ends the reason of a decision for whoever did not ask the agent, where the last resort's turn had come."""


class PassedOver(msgspec.Struct, frozen=True, kw_only=True):
    """A model that was not asked, though its turn had come: there is none, it has no room for the prompt, it can't do what is
    asked (as to use tools), it is unhealthy, or nobody knows what it costs."""

    model: str
    reason: str
    cause: Cause = "missing"


class Routing(msgspec.Struct, frozen=True, kw_only=True):
    """Which model was chosen, and why. `score` is the complexity, 0 to 1, and `parts` what it is made of, where one was computed.

    `context_tokens` is None where the prompt was too short to be worth counting. `policy` is the version of the routing policy,
    0 where there is none.
    """

    model: str
    reason: str
    by: Decider = "configuration"
    tier: Tier | None = None
    score: float | None = None
    parts: dict[str, float] = {}
    scoring: int = 0
    """Version of the scoring that gave the score."""

    context_tokens: int | None = None
    policy: int = 0
    passed_over: tuple[PassedOver, ...] = ()
