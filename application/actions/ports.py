"""What calls of actions need."""

from __future__ import annotations

from typing import Protocol

from application.ports import ActionCaller, Clock, Ids, Store


class Ports(Protocol):
    @property
    def store(self) -> Store: ...
    @property
    def action_caller(self) -> ActionCaller: ...
    @property
    def clock(self) -> Clock: ...
    @property
    def ids(self) -> Ids: ...
