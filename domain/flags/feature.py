"""The features that a tenant can switch, and who is in when one is on for a part."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

import mmh3
import msgspec
from msgspec import Meta

from domain.base.errors import NotFound

Percentage = Annotated[int, Meta(ge=0, le=100)]


class Setting(msgspec.Struct, frozen=True, kw_only=True):
    """On for `percentage` of the subjects, or off for all."""

    on: bool = True
    percentage: Percentage = 100


class Feature(msgspec.Struct, frozen=True, kw_only=True):
    """`default` holds where the tenant has set nothing. `subject`: what is in or out as a whole: a customer's conversation (a call of
    the completions API), or the tenant."""

    description: str
    default: Setting = Setting()
    subject: Literal["conversation", "tenant"] = "conversation"


FEATURES: Mapping[str, Feature] = {
    "full_agent": Feature(
        description="The agent with retrieval and routing. Off: a plain one that answers from its configuration alone."
    ),
    "routing": Feature(
        description="The tenant's routing policy chooses the model. Off: always the agent's default model."
    ),
    "response_cache": Feature(
        description="The same question within a minute gets the same answer, for nothing.", subject="tenant"
    ),
}
"""Each is read somewhere by `FlagsState.enabled`, with the subject that stands here."""


def feature_of(name: str) -> Feature:
    """Raises NotFound."""
    if name not in FEATURES:
        raise NotFound(f"there is no flag {name[:60]!r}; known are {', '.join(sorted(FEATURES))}")
    return FEATURES[name]


def bucket_of(flag: str, subject: str) -> int:
    """1 to 100, as Unleash has it. It never changes: whoever is in stays in when the percentage grows."""
    return mmh3.hash(f"{flag}:{subject}".encode(errors="surrogatepass"), signed=False) % 100 + 1
