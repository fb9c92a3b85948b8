"""Events that were recorded by any earlier version still load.

`tests/golden/events/` has a file for each topic: what the code of each day wrote as the payload, before it was sealed (base64),
by class version and by form, a digest of its fields. Nothing in there is ever changed or removed. A new or changed class adds to it:
RETRACE_GOLDEN=write pytest tests/domain
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, ClassVar
from uuid import UUID

import msgspec
import pytest
from eventsourcing.utils import register_topic

from domain.base.aggregate import COLUMNS, Event, event_class, events_of
from domain.kinds import KINDS, TOPICS
from infra.log import codec
from tests.domain.examples import example

FOLDER = Path(__file__).parent.parent / "golden" / "events"
STREAM, AT = UUID(int=7), datetime(2026, 11, 20, tzinfo=UTC)
NATIVE = (bytes, datetime)
ANEW = dict.fromkeys(
    (("agent.configured", 1), ("agent.configured", 2)),
    frozenset(
        f".configuration.{name}"
        for name in (
            "feedback",
            "semantic_weight",
            "keyword_weight",
            "retrieve_internet",
            "internet_results",
            "suggestions",
            "retrieve_database",
            "database_results",
        )
    ),
)
"""Fields by topic and version whose name came back with an effect: what they held then had none."""

WRITING = os.environ.get("RETRACE_GOLDEN") == "write"


def form_of(cls: type[Event]) -> str:
    """Changes where a field of the payload, or of a part of it, does."""
    schema = msgspec.json.schema(cls)
    text = json.dumps(schema, sort_keys=True)
    fields = schema["$defs"][cls.__name__]["properties"]
    parts = {
        name: part["properties"]
        for name, part in schema["$defs"].items()
        if name != cls.__name__ and "properties" in part and f"$defs/{name}" in text
    }
    facts = {name: field for name, field in fields.items() if name not in COLUMNS}
    return sha256(json.dumps({"fields": facts, "parts": parts}, sort_keys=True).encode()).hexdigest()[:12]


def recorded(topic: str) -> list[dict[str, Any]]:
    file = FOLDER / f"{topic}.json"
    items: list[dict[str, Any]] = json.loads(file.read_text()) if file.exists() else []
    return items


def write(topic: str, cls: type[Event]) -> None:
    """Add what the class writes today, unless it is there."""
    items, form = recorded(topic), form_of(cls)
    if any((item["version"], item["form"]) == (cls.class_version, form) for item in items):
        return
    payloads = []
    for full in (True, False):
        event, lent = example(cls, full=full).detach()
        payloads.append(base64.b64encode(codec.encode(event, [(part.place, b"sealed") for part in lent])))
    texts = [payload.decode() for payload in dict.fromkeys(payloads)]
    items.append({"version": cls.class_version, "form": form, "payloads": texts})
    (FOLDER / f"{topic}.json").write_text(json.dumps(items, indent=1) + "\n")


def missing(topic: str, cls: type[Event]) -> str | None:
    """What is to be recorded of a class; None: it is there."""
    items = recorded(topic)
    if absent := set(range(1, cls.class_version + 1)) - {item["version"] for item in items}:
        return f"no event of {topic} in version {sorted(absent)} is recorded"
    if not any((item["version"], item["form"]) == (cls.class_version, form_of(cls)) for item in items):
        return f"{topic} has changed since it was recorded"
    return None


def payloads() -> Iterator[Any]:
    for file in sorted(FOLDER.glob("*.json")):
        for item in recorded(file.stem):
            for number, text in enumerate(item["payloads"]):
                id = f"{file.stem}-v{item['version']}-{item['form']}-{number}"
                yield pytest.param(file.stem, base64.b64decode(text), id=id)


def test_every_version_and_form_of_every_topic_is_recorded() -> None:
    classes = {topic: cls for kind in KINDS for topic, cls in events_of(kind).items()}
    if WRITING:
        for topic, cls in classes.items():
            write(topic, cls)
    told = [text for topic, cls in classes.items() if (text := missing(topic, cls))]
    assert told == [], "write them: RETRACE_GOLDEN=write pytest tests/domain (and see this module)"


def test_nothing_is_recorded_of_a_topic_that_is_gone() -> None:
    assert {file.stem for file in FOLDER.iterdir()} == TOPICS


@pytest.mark.parametrize(("topic", "payload"), list(payloads()))
def test_a_recorded_event_loads_and_keeps_what_its_fields_held(topic: str, payload: bytes) -> None:
    event = codec.decode(topic, payload, STREAM, 3, AT)
    assert isinstance(event, event_class(topic))
    assert (event.originator_id, event.originator_version, event.timestamp) == (STREAM, 3, AT)
    stored = msgspec.msgpack.decode(payload[1:])
    loaded = msgspec.to_builtins(event, builtin_types=NATIVE)
    assert set(lost(stored, loaded)) <= ANEW.get((topic, payload[0]), frozenset())
    lent = codec.lent_to(event, payload)
    assert codec.decode(topic, codec.encode(event, lent), STREAM, 3, AT) == event


def lost(stored: Any, loaded: Any, path: str = "") -> list[str]:
    """Where two differ in what both have: fields that went, or came, are the upcasters' business."""
    if isinstance(stored, dict) and isinstance(loaded, dict):
        common = [name for name in stored if name in loaded]
        return [each for name in common for each in lost(stored[name], loaded[name], f"{path}.{name}")]
    if isinstance(stored, list) and isinstance(loaded, (list, tuple)) and len(stored) == len(loaded):
        pairs = enumerate(zip(stored, loaded, strict=True))
        return [each for at, (old, new) in pairs for each in lost(old, new, f"{path}[{at}]")]
    return [] if stored == loaded else [path]


class Moved(Event, frozen=True, kw_only=True):
    TOPIC: ClassVar[str] = "test.moved"
    to: str


class MovedOn(Event, frozen=True, kw_only=True):
    TOPIC: ClassVar[str] = "test.moved"
    to: str
    by: str = "train"


register_topic("test.moved", Moved)


def test_a_changed_class_without_a_new_recording_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(f"{__name__}.FOLDER", tmp_path)
    assert missing("test.moved", Moved) == "no event of test.moved in version [1] is recorded"
    write("test.moved", Moved)
    assert missing("test.moved", Moved) is None
    assert missing("test.moved", MovedOn) == "test.moved has changed since it was recorded"
    write("test.moved", MovedOn)
    assert missing("test.moved", MovedOn) is None
    assert len(recorded("test.moved")) == 2
    write("test.moved", MovedOn)
    assert len(recorded("test.moved")) == 2


def test_a_fact_that_an_upcaster_changes_is_found() -> None:
    assert lost({"a": 1, "gone": 2, "b": [{"c": 3}]}, {"a": 1, "new": 4, "b": [{"c": 5}]}) == [".b[0].c"]
