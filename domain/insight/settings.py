"""Insight settings: the definitions and inputs that a tenant's figures go by. One per tenant; its version is theirs."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

import msgspec

from domain.base.aggregate import NIL, CreatedEvent
from domain.base.one_per_tenant import OnePerTenant
from domain.insight.definitions import Definitions


class InsightState(msgspec.Struct):
    definitions: Definitions = Definitions()


class InsightSettings(OnePerTenant[InsightState]):
    """Nothing in it is personal."""

    TOPIC = "insight"
    State = InsightState

    class Event(OnePerTenant.Event, frozen=True, kw_only=True):
        pass

    class Created(Event, CreatedEvent, frozen=True, kw_only=True):
        TOPIC: ClassVar[str] = "insight.created"
        PERSONAL: ClassVar[bool] = False

    class Defined(Event, frozen=True, kw_only=True):
        """Figures go by these from now on, those of earlier days too."""

        TOPIC: ClassVar[str] = "insight.defined"
        PERSONAL: ClassVar[bool] = False
        class_version: ClassVar[int] = 2
        definitions: Definitions

        @staticmethod
        def upcast_v1_v2(facts: dict[str, Any]) -> None:
            """In the first version a time zone was always named: it goes on holding."""

        def apply(self, aggregate: InsightSettings) -> None:
            aggregate.state.definitions = self.definitions

    @property
    def subject(self) -> UUID:
        return NIL

    def define(self, definitions: Definitions, at: datetime) -> None:
        """Raises Invalid."""
        definitions.check()
        if definitions != self.state.definitions:
            self.trigger(self.Defined, at=at, definitions=definitions)
