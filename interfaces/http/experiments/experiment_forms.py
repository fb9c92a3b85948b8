"""What is said to experiments."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from domain.experiments.design import Traffic

Reason = Annotated[str, Meta(min_length=1, max_length=500)]


class WidenIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`traffic`: the part of all customers that takes part from now on."""

    traffic: Traffic


class StopIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    reason: Reason


class ConcludeIn(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`winner`: the arm's name; null: there is none."""

    winner: Annotated[str, Meta(max_length=40)] | None
    reason: Reason
