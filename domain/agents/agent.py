"""The agent of a tenant: how it speaks, what it may do, how it retrieves and answers."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

import msgspec

from domain.agents.configuration import ONCE_WITHOUT_EFFECT
from domain.agents.configuration import AgentConfiguration as AgentConfiguration
from domain.base.aggregate import CreatedEvent
from domain.base.errors import Invalid
from domain.base.one_per_tenant import OnePerTenant


class AgentState(msgspec.Struct):
    configuration: AgentConfiguration = AgentConfiguration()


class Agent(OnePerTenant[AgentState]):
    """One per tenant; its version is the configuration's version."""

    TOPIC = "agent"
    State = AgentState

    class Event(OnePerTenant.Event, frozen=True, kw_only=True):
        pass

    class Created(Event, CreatedEvent, frozen=True, kw_only=True):
        TOPIC: ClassVar[str] = "agent.created"

    class Configured(Event, frozen=True, kw_only=True):
        TOPIC: ClassVar[str] = "agent.configured"
        class_version: ClassVar[int] = 16
        configuration: AgentConfiguration

        @staticmethod
        def upcast_v1_v2(facts: dict[str, Any]) -> None:
            """What is new in the second version has a default."""

        @staticmethod
        def upcast_v2_v3(facts: dict[str, Any]) -> None:
            for name in ONCE_WITHOUT_EFFECT:
                facts["configuration"].pop(name, None)

        @staticmethod
        def upcast_v3_v4(facts: dict[str, Any]) -> None:
            """What is new in the fourth version has a default."""

        @staticmethod
        def upcast_v4_v5(facts: dict[str, Any]) -> None:
            """What is new in the fifth version has a default."""

        @staticmethod
        def upcast_v5_v6(facts: dict[str, Any]) -> None:
            """What is new in the sixth version has a default."""

        @staticmethod
        def upcast_v6_v7(facts: dict[str, Any]) -> None:
            """What is new in version 7 has a default."""

        @staticmethod
        def upcast_v7_v8(facts: dict[str, Any]) -> None:
            """What is new in version 8 has a default."""

        @staticmethod
        def upcast_v8_v9(facts: dict[str, Any]) -> None:
            """What is new in version 9 has a default."""

        @staticmethod
        def upcast_v9_v10(facts: dict[str, Any]) -> None:
            """What is new in version 10 has a default."""

        @staticmethod
        def upcast_v10_v11(facts: dict[str, Any]) -> None:
            """What is new in version 11 has a default."""

        @staticmethod
        def upcast_v11_v12(facts: dict[str, Any]) -> None:
            """What is new in version 12 has a default."""

        @staticmethod
        def upcast_v12_v13(facts: dict[str, Any]) -> None:
            """What is new in version 13 has a default."""

        @staticmethod
        def upcast_v13_v14(facts: dict[str, Any]) -> None:
            """What is new in version 14 has a default."""

        @staticmethod
        def upcast_v14_v15(facts: dict[str, Any]) -> None:
            """What is new in version 15 has a default."""

        @staticmethod
        def upcast_v15_v16(facts: dict[str, Any]) -> None:
            """What is new in version 16 has a default."""

        def apply(self, aggregate: Agent) -> None:
            aggregate.state.configuration = self.configuration

    class Restored(Event, frozen=True, kw_only=True):
        """The configuration of `from_version` holds again."""

        TOPIC: ClassVar[str] = "agent.restored"
        class_version: ClassVar[int] = 14
        from_version: int
        configuration: AgentConfiguration

        @staticmethod
        def upcast_v1_v2(facts: dict[str, Any]) -> None:
            """What is new in the second version has a default."""

        @staticmethod
        def upcast_v2_v3(facts: dict[str, Any]) -> None:
            """What is new in the third version has a default."""

        @staticmethod
        def upcast_v3_v4(facts: dict[str, Any]) -> None:
            """What is new in the fourth version has a default."""

        @staticmethod
        def upcast_v4_v5(facts: dict[str, Any]) -> None:
            """What is new in version 5 has a default."""

        @staticmethod
        def upcast_v5_v6(facts: dict[str, Any]) -> None:
            """What is new in version 6 has a default."""

        @staticmethod
        def upcast_v6_v7(facts: dict[str, Any]) -> None:
            """What is new in version 7 has a default."""

        @staticmethod
        def upcast_v7_v8(facts: dict[str, Any]) -> None:
            """What is new in version 8 has a default."""

        @staticmethod
        def upcast_v8_v9(facts: dict[str, Any]) -> None:
            """What is new in version 9 has a default."""

        @staticmethod
        def upcast_v9_v10(facts: dict[str, Any]) -> None:
            """What is new in version 10 has a default."""

        @staticmethod
        def upcast_v10_v11(facts: dict[str, Any]) -> None:
            """What is new in version 11 has a default."""

        @staticmethod
        def upcast_v11_v12(facts: dict[str, Any]) -> None:
            """What is new in version 12 has a default."""

        @staticmethod
        def upcast_v12_v13(facts: dict[str, Any]) -> None:
            """What is new in version 13 has a default."""

        @staticmethod
        def upcast_v13_v14(facts: dict[str, Any]) -> None:
            """What is new in version 14 has a default."""

        def apply(self, aggregate: Agent) -> None:
            aggregate.state.configuration = self.configuration

    def configure(self, configuration: AgentConfiguration, at: datetime) -> None:
        """Of one that somebody sends more is asked (`AgentConfiguration.check`). Raises Invalid."""
        configuration.check_together()
        if configuration != self.state.configuration:
            self.trigger(self.Configured, at=at, configuration=configuration)

    def take_back(self, version: int, configuration: AgentConfiguration, at: datetime) -> None:
        """Put the configuration of an earlier version in force again."""
        if version > self.version:
            raise Invalid(f"there is no version {version} yet; the present one is {self.version}")
        if configuration != self.state.configuration:
            self.trigger(self.Restored, at=at, from_version=version, configuration=configuration)
