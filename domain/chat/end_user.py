"""A user of an app that calls the completions API, by the app's own name for them: their key seals their calls."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar
from uuid import UUID

import msgspec

from domain.base.aggregate import Aggregate, CreatedEvent


class UserState(msgspec.Struct):
    pass


class User(Aggregate[UserState]):
    """Its id is a keyed hash of the name. There is no stream before they are to be erased: the calls are streams of their own, which go
    on beside each other."""

    TOPIC = "user"
    State = UserState

    class Event(Aggregate.Event, frozen=True, kw_only=True):
        pass

    class Forgotten(Event, CreatedEvent, frozen=True, kw_only=True):
        """The only event: they are to be erased. `call.forgotten` follows in each of their calls; the key is destroyed after that."""

        TOPIC: ClassVar[str] = "user.forgotten"
        PERSONAL: ClassVar[bool] = False
        ERASES: ClassVar[bool] = True

    @classmethod
    def forget(cls, id: UUID, at: datetime) -> User:
        return cls.create(cls.Forgotten, id=id, at=at)
