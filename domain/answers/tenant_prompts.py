"""What a tenant has its prompts say, version by version."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

import msgspec

from domain.answers.wordings import Wording, check_wording, template_of
from domain.base.aggregate import CreatedEvent
from domain.base.one_per_tenant import OnePerTenant


class PromptsState(msgspec.Struct):
    own: dict[str, Wording] = {}
    numbers: dict[str, int] = {}
    """How many wordings each template has had."""


class Prompts(OnePerTenant[PromptsState]):
    """One per tenant. A wording is never changed: the next one has the next number."""

    TOPIC = "prompts"
    State = PromptsState

    class Event(OnePerTenant.Event, frozen=True, kw_only=True):
        pass

    class Begun(Event, CreatedEvent, frozen=True, kw_only=True):
        TOPIC: ClassVar[str] = "prompts.begun"

    class Worded(Event, frozen=True, kw_only=True):
        """`name`: the template's."""

        TOPIC: ClassVar[str] = "prompts.worded"
        name: str
        wording: Wording

        def apply(self, aggregate: Prompts) -> None:
            state = aggregate.state
            state.own = {**state.own, self.name: self.wording}
            state.numbers = {**state.numbers, self.name: self.wording.number}

    class Withdrawn(Event, frozen=True, kw_only=True):
        """The shipped template holds again."""

        TOPIC: ClassVar[str] = "prompts.withdrawn"
        name: str

        def apply(self, aggregate: Prompts) -> None:
            own = aggregate.state.own
            aggregate.state.own = {name: own[name] for name in own if name != self.name}

    def word(self, name: str, text: str, texts: dict[str, str], at: datetime) -> None:
        """Have a template say this. Raises NotFound, Invalid."""
        check_wording(template_of(name), text, texts)
        present = self.state.own.get(name)
        if present is None or (present.text, present.texts) != (text, texts):
            number = self.state.numbers.get(name, 0) + 1
            self.trigger(
                self.Worded, at=at, name=name, wording=Wording(text=text, texts=texts, number=number)
            )

    def withdraw(self, name: str, at: datetime) -> None:
        """Raises NotFound."""
        template_of(name)
        if name in self.state.own:
            self.trigger(self.Withdrawn, at=at, name=name)
