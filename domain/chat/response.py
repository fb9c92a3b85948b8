"""What a response of the Responses API is beside the call that it is: what it goes on from, and whether it can be gone on from."""

from __future__ import annotations

from uuid import UUID

import msgspec


class ResponseFacts(msgspec.Struct, frozen=True, kw_only=True):
    """`previous`: the response whose conversation it goes on; its turns stand in the call's messages. `instructed`: the first of these are this
    response's own instructions, which no later one takes over. `stored`: whether it may be read, and gone on from. `metadata` is the app's."""

    previous: UUID | None = None
    instructed: bool = False
    stored: bool = True
    metadata: dict[str, str] = {}
