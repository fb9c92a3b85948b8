"""What was decided about the operation of a tenant: its encryption keys, its read models, the health of its providers."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Literal

from domain.base.errors import Invalid
from domain.tenancy.state import TenantPart


class Operations(TenantPart):
    """On the record of the tenant that it is about."""

    class Event(TenantPart.Event, frozen=True, kw_only=True):
        pass

    class ProjectionEventSkipped(Event, frozen=True, kw_only=True):
        """The projection leaves out the event at `position`, now and whenever it is built again."""

        TOPIC: ClassVar[str] = "tenant.projection_event_skipped"
        projection: str
        position: int
        reason: str

        def apply(self, aggregate: Operations) -> None:
            aggregate.state.skipped.setdefault(self.projection, []).append(self.position)

    class KeysRotated(Event, frozen=True, kw_only=True):
        """From here on the tenant's newest key is `generation`, or its keys are wrapped with the master key of this fingerprint.

        It is recorded first and then carried out, so that no key ever changes without a word.
        """

        TOPIC: ClassVar[str] = "tenant.keys_rotated"
        PERSONAL: ClassVar[bool] = False
        what: Literal["tenant", "master"]
        generation: int
        master: str

        def apply(self, aggregate: Operations) -> None:
            aggregate.state.generation = self.generation
            if self.what == "master":
                aggregate.state.master = self.master

    class ProviderHealthReset(Event, frozen=True, kw_only=True):
        """Somebody, the event's actor, let a provider, or one of its models, be asked again before its time."""

        TOPIC: ClassVar[str] = "tenant.provider_health_reset"
        PERSONAL: ClassVar[bool] = False
        provider: str
        model: str | None

    def skip_projection_event(self, projection: str, position: int, reason: str, at: datetime) -> None:
        reason = reason.strip()
        if not 1 <= len(reason) <= 500:
            raise Invalid("a reason has 1 to 500 characters")
        if position not in self.state.skipped.get(projection, ()):
            self.trigger(
                self.ProjectionEventSkipped, at=at, projection=projection, position=position, reason=reason
            )

    def rotate_key_of_tenant(self, generation: int, master: str, at: datetime) -> None:
        """Encryption keys rotate in a removed tenant too: its log stays."""
        if generation > self.state.generation:
            self.trigger(self.KeysRotated, at=at, what="tenant", generation=generation, master=master)

    def rotate_master_key(self, master: str, at: datetime) -> None:
        """`master`: fingerprint of the one that wraps from now on."""
        if master != self.state.master:
            generation = self.state.generation
            self.trigger(self.KeysRotated, at=at, what="master", generation=generation, master=master)

    def reset_provider_health(self, provider: str, model: str | None, at: datetime) -> None:
        self._exists()
        self.trigger(self.ProviderHealthReset, at=at, provider=provider, model=model)
