"""What the use cases of learning need."""

from __future__ import annotations

from typing import Protocol

from application.ports import Clock, Corrections, Counter, Datasets, Ids, Keyring, Locator, Store


class Counting(Protocol):
    """Of the providers, how tokens are counted."""

    @property
    def counter(self) -> Counter: ...


class Ports(Protocol):
    @property
    def store(self) -> Store: ...
    @property
    def keyring(self) -> Keyring: ...
    @property
    def locator(self) -> Locator: ...
    @property
    def corrections(self) -> Corrections: ...
    @property
    def datasets(self) -> Datasets: ...
    @property
    def providers(self) -> Counting: ...
    @property
    def clock(self) -> Clock: ...
    @property
    def ids(self) -> Ids: ...
