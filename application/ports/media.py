"""Media: files that came with messages, as the channel's vendor has them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Protocol
from uuid import UUID

import msgspec

from application.ports.faults import Fault


class NotGiven(Fault):
    """The vendor did not give the file, and may later, after `retry_after` seconds if it says when. Unlike Unavailable it is no server of
    ours that is away: each try counts."""

    def __init__(self, why: str, retry_after: float | None = None) -> None:
        self.retry_after = retry_after
        super().__init__(why)


class MediaContent(msgspec.Struct, frozen=True, kw_only=True):
    """`pieces` ends with an error where it is larger than was allowed, or is cut off."""

    content_type: str
    pieces: AsyncIterator[bytes]


class MediaSource(Protocol):
    def open(
        self, tenant: UUID, url: str, raw: Mapping[str, str], *, most: int
    ) -> AbstractAsyncContextManager[MediaContent]:
        """The file at `url`, which a message with these parameters names. Goes to the vendor's hosts only.

        Raises Refused where it can't be had for good, or is too large; NotGiven where it may be had later.
        """
