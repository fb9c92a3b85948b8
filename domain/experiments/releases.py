"""Releases: the versions of the agent that were in force for all, one after the other; the last ones stay ready to go back to."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar
from uuid import UUID

import msgspec

from domain.base.aggregate import NIL, CreatedEvent
from domain.base.errors import NotFound, Refused
from domain.base.one_per_tenant import OnePerTenant
from domain.experiments.version import Versions

READY = 3
"""Earlier releases that one can go back to at once."""


class Release(msgspec.Struct, frozen=True, kw_only=True):
    """`versions` say what it is; nothing of it is copied, as the log has all. `deployment` that was promoted with it; None: it was set by
    hand, and was in force before one was."""

    number: int
    versions: Versions
    deployment: UUID | None
    at: datetime


class ReleasesState(msgspec.Struct):
    history: tuple[Release, ...] = ()
    """By when they came into force last, the present one at the end; of the earlier ones those that stay ready."""

    numbers: int = 0
    """How many there have been."""


class Releases(OnePerTenant[ReleasesState]):
    """One per tenant, from its first promotion on. Going back names the release, and with it the versions that it came from."""

    TOPIC = "releases"
    State = ReleasesState

    class Event(OnePerTenant.Event, frozen=True, kw_only=True):
        pass

    class Begun(Event, CreatedEvent, frozen=True, kw_only=True):
        TOPIC: ClassVar[str] = "releases.begun"
        PERSONAL: ClassVar[bool] = False

    class Released(Event, frozen=True, kw_only=True):
        """In force from now on; without a `deployment` it was so already, and is put down so that one can go back to it."""

        TOPIC: ClassVar[str] = "releases.released"
        PERSONAL: ClassVar[bool] = False
        number: int
        versions: Versions
        deployment: UUID | None

        def apply(self, aggregate: Releases) -> None:
            state = aggregate.state
            release = Release(
                number=self.number,
                versions=self.versions,
                deployment=self.deployment,
                at=self.timestamp,
            )
            state.history = (*state.history, release)[-READY - 1 :]
            state.numbers = self.number

    class RolledBack(Event, frozen=True, kw_only=True):
        """Release `number`, of these versions, is in force again in the place of release `before`."""

        TOPIC: ClassVar[str] = "releases.rolled_back"
        PERSONAL: ClassVar[bool] = False
        number: int
        versions: Versions
        before: int
        reason: str

        def apply(self, aggregate: Releases) -> None:
            state = aggregate.state
            (again,) = (release for release in state.history if release.number == self.number)
            state.history = (*(each for each in state.history if each is not again), again)

    @property
    def subject(self) -> UUID:
        return NIL

    @property
    def present(self) -> Release | None:
        """The last one that was put in force; None before the first promotion."""
        return self.state.history[-1] if self.state.history else None

    @property
    def ready(self) -> tuple[Release, ...]:
        """To go back to, the latest first."""
        return self.state.history[-2::-1]

    def release(self, versions: Versions, deployment: UUID | None, at: datetime) -> None:
        number = self.state.numbers + 1
        self.trigger(self.Released, at=at, number=number, versions=versions, deployment=deployment)

    def note_present(self, versions: Versions, at: datetime) -> None:
        """What is in force, where that is no release yet: before the first one, or set by hand since."""
        if self.present is None or self.present.versions.digest != versions.digest:
            self.release(versions, None, at)

    def to_go_back_to(self, number: int | None) -> Release:
        """The release with this number; None: the one before the present one. Raises NotFound, Refused."""
        known = ", ".join(str(each.number) for each in self.ready)
        if not known:
            raise Refused(
                "there is no earlier release to go back to; GET /v1/deployments/releases shows them"
            )
        if number is None:
            return self.ready[0]
        for release in self.ready:
            if release.number == number:
                return release
        if self.present is not None and self.present.number == number:
            raise Refused(f"release {number} is the last one that was put in force; ready are {known}")
        raise NotFound(f"release {number} does not stay ready; ready are {known}")

    def roll_back(self, release: Release, reason: str, at: datetime) -> None:
        present = self.present
        assert present is not None
        facts = {"number": release.number, "versions": release.versions, "before": present.number}
        self.trigger(self.RolledBack, at=at, reason=reason, **facts)
