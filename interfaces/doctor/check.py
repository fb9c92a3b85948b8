"""A check of a deployment, and what came of it."""

from __future__ import annotations

import msgspec


class Check(msgspec.Struct, frozen=True):
    """`detail` says what was found, and what to do where it is not `ok`."""

    check: str
    ok: bool
    detail: str
