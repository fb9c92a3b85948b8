"""Content templates at a channel's vendor: made once for each shape of a rich message, and used again with other words."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

import msgspec

from domain.base.aggregate import Aggregate, CreatedEvent
from domain.base.one_per_tenant import OnePerTenant


class ContentsState(msgspec.Struct):
    known: dict[str, str] = {}
    """`account/shape` → the vendor's id."""


class Contents(OnePerTenant[ContentsState]):
    """Nothing in it is personal: a shape has no words of anybody's."""

    TOPIC = "contents"
    State = ContentsState

    class Event(Aggregate.Event, frozen=True, kw_only=True):
        pass

    class Begun(Event, CreatedEvent, frozen=True, kw_only=True):
        TOPIC: ClassVar[str] = "contents.begun"
        PERSONAL: ClassVar[bool] = False

    class Made(Event, frozen=True, kw_only=True):
        """`content` is the vendor's id of the template."""

        TOPIC: ClassVar[str] = "contents.made"
        PERSONAL: ClassVar[bool] = False
        account: str
        shape: str
        content: str

        def apply(self, aggregate: Contents) -> None:
            aggregate.state.known[_key(self.account, self.shape)] = self.content

    class Lost(Event, frozen=True, kw_only=True):
        """The vendor knows it no more."""

        TOPIC: ClassVar[str] = "contents.lost"
        PERSONAL: ClassVar[bool] = False
        account: str
        shape: str

        def apply(self, aggregate: Contents) -> None:
            aggregate.state.known.pop(_key(self.account, self.shape), None)

    def of(self, account: str, shape: str) -> str | None:
        return self.state.known.get(_key(account, shape))

    def made(self, account: str, shape: str, content: str, at: datetime) -> None:
        """The first one stays, where two were made at once."""
        if self.of(account, shape) is None:
            self.trigger(self.Made, at=at, account=account, shape=shape, content=content)

    def lost(self, account: str, shape: str, content: str, at: datetime) -> None:
        if self.of(account, shape) == content:
            self.trigger(self.Lost, at=at, account=account, shape=shape)


def _key(account: str, shape: str) -> str:
    return f"{account}/{shape}"
