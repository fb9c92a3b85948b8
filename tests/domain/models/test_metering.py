"""What is metered is said once, by the event's class."""

from __future__ import annotations

import typing
from typing import Any

import pytest

from domain.base.aggregate import Event, events_of
from domain.kinds import KINDS
from domain.models.completion import Attempt

EVENTS = [event for kind in KINDS for event in events_of(kind).values()]


def holds_calls(form: Any) -> bool:
    return form is Attempt or any(map(holds_calls, typing.get_args(form)))


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.TOPIC)
def test_an_event_with_calls_on_record_says_so(event: type[Event]) -> None:
    forms = typing.get_type_hints(event)
    named = {name for name in event.__struct_fields__ if holds_calls(forms[name])} - {"lost"}  # not made yet
    assert named == set(event.METERS), f"{event.TOPIC}: METERS names the fields that hold Attempts"
