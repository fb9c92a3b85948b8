"""Stored events must stay readable: the golden file holds every topic with its version and fields.

A changed field fails here until the event's class_version is raised, an upcaster `upcast_vN_vN+1` is there, and the file is written
anew: RETRACE_GOLDEN=write pytest tests/domain, which also records an example of it (test_recorded_events.py).
"""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar
from uuid import uuid4

import msgspec
import pytest
from eventsourcing.utils import register_topic

from domain.base.aggregate import COLUMNS, Event, event_class, events_of
from domain.kinds import KINDS, kind_of
from infra.log import codec

GOLDEN = Path(__file__).parent.parent / "golden" / "topics.json"


def described() -> dict[str, Any]:
    found: dict[str, Any] = {}
    for kind in KINDS:
        for topic, cls in sorted(events_of(kind).items()):
            schema = msgspec.json.schema(cls)
            text = json.dumps(schema, sort_keys=True)
            fields = schema["$defs"][cls.__name__]["properties"]
            facts = {name: form for name, form in fields.items() if name not in COLUMNS}
            others = {
                name: form["properties"]
                for name, form in schema["$defs"].items()
                if name != cls.__name__ and "properties" in form and f"$defs/{name}" in text
            }
            found[topic] = {"version": cls.class_version, "fields": facts, "parts": others}
    return found


def test_stored_events_have_the_fields_that_they_were_stored_with() -> None:
    now, before = json.loads(json.dumps(described(), sort_keys=True)), json.loads(GOLDEN.read_text())
    assert set(before) <= set(now), "a topic is gone: events are stored under it"
    for topic, form in now.items():
        if topic in before and form != before[topic]:
            hint = f"{topic} has changed: raise its class_version and add an upcaster"
            assert form["version"] > before[topic]["version"], hint
    if os.environ.get("RETRACE_GOLDEN") == "write":
        GOLDEN.write_text(json.dumps(now, indent=1, sort_keys=True) + "\n")
    else:
        assert now == before, "new or changed: write the golden file anew (see this module)"


def test_every_earlier_version_has_an_upcaster() -> None:
    for kind in KINDS:
        for cls in events_of(kind).values():
            for old in range(1, cls.class_version):
                assert hasattr(cls, f"upcast_v{old}_v{old + 1}"), cls.TOPIC


def test_a_topic_names_its_aggregate_and_its_class() -> None:
    for kind in KINDS:
        assert kind_of(kind.TOPIC) is kind
        for topic, cls in events_of(kind).items():
            assert topic.startswith(f"{kind.TOPIC}.")
            assert event_class(topic) is cls


class Said(Event, frozen=True, kw_only=True):
    """In its first version it had `words`, in its second `text`, and since the third a `language` too."""

    TOPIC: ClassVar[str] = "test.said"
    class_version: ClassVar[int] = 3
    text: str
    language: str

    @staticmethod
    def upcast_v1_v2(facts: dict[str, Any]) -> None:
        facts["text"] = " ".join(facts.pop("words"))

    @staticmethod
    def upcast_v2_v3(facts: dict[str, Any]) -> None:
        facts["language"] = "en"


register_topic("test.said", Said)


@pytest.mark.parametrize(
    ("version", "facts"),
    [(1, {"words": ["good", "day"]}), (2, {"text": "good day"}), (3, {"text": "good day", "language": "en"})],
)
def test_an_event_of_every_past_version_is_read(version: int, facts: dict[str, Any]) -> None:
    stream, at = uuid4(), datetime.now(UTC)
    payload = bytes([version]) + msgspec.msgpack.encode(facts)
    event = codec.decode("test.said", payload, stream, 7, at)
    assert event == Said(
        originator_id=stream, originator_version=7, timestamp=at, text="good day", language="en"
    )


def test_a_payload_that_does_not_fit_its_class_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError):
        codec.decode(
            "test.said", bytes([3]) + msgspec.msgpack.encode({"text": 5}), uuid4(), 1, datetime.now(UTC)
        )
