"""A call of an app's for one of its users: under whose key it is, and how it goes with them."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar
from uuid import UUID

import msgspec

from domain.base.aggregate import Aggregate


class CallOfUserState(msgspec.Struct):
    user_id: UUID | None = None
    forgotten: bool = False


S = TypeVar("S", bound=CallOfUserState)


class CallOfUser(Aggregate[S]):
    """Its first event says the `user_id`, its `Forgotten` that the user is to be erased."""

    if TYPE_CHECKING:  # an annotation of its own would be a field
        Forgotten: ClassVar[Any]

    @property
    def subject(self) -> UUID:
        """The user, whose calls are erased all at once; a call for nobody in particular has a key of its own."""
        return self.state.user_id or self.id

    def forget(self, at: datetime) -> None:
        """Erase it, with all of its user's."""
        if not self.state.forgotten:
            self.trigger(self.Forgotten, at=at)
