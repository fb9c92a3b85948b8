"""Who is left out of a campaign, and why. Pure."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

import msgspec

RULE = 2
"""Version of the rules of `judge.py`, which stands on what was decided by them."""

Why = Literal[
    "opted_out",
    "erased",
    "no_address",
    "no_account",
    "other_sender",
    "outside_window",
    "with_a_person",
    "another_conversation",
    "no_value",
]
"""`no_address`: they wrote over the HTTP API. `no_account`: nothing goes out from where they wrote to any more. `other_sender`: to another address of ours than the plan's. `with_a_person`: a person is to answer
them. `another_conversation`: who has this address goes on in another one by now. `no_value`: nothing is known
of them for a placeholder in the message that has no fallback."""


class Omitted(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A customer who was left out. `missing`: the placeholders, for `no_value`."""

    conversation: UUID
    why: Why
    missing: tuple[str, ...] = ()
