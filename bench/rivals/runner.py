"""The eventsourcing library's ProjectionRunner with a view that keeps the same sums as our `costs`, as its documentation shows."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID, uuid4

import msgspec
from eventsourcing.application import Application
from eventsourcing.domain import Aggregate
from eventsourcing.persistence import Tracking
from eventsourcing.postgres import PostgresDatastore, PostgresTrackingRecorder
from eventsourcing.projection import Projection, ProjectionRunner
from eventsourcing.utils import get_topic
from psycopg.sql import SQL, Identifier

from domain.base.sketch import bucket_of
from domain.conversations.conversation import Conversation

PATIENCE = 120.0
"""Seconds."""
AT_ONCE = 20
"""Events of one call; with thousands its pipeline and the server wait for each other for ever."""


class Interaction(Aggregate):
    class Metered(Aggregate.Event):
        facts: dict[str, Any]

    class Other(Aggregate.Event):
        facts: dict[str, Any]


class Interactions(Application[UUID]):
    name = "interactions"


class CostsView(PostgresTrackingRecorder):
    """Two upserts and the tracking, in one transaction an event."""

    def __init__(self, datastore: PostgresDatastore, **kwargs: Any) -> None:
        super().__init__(datastore, **kwargs)
        schema = Identifier(datastore.schema)
        self.sql_create_statements += [
            SQL(
                "CREATE TABLE IF NOT EXISTS {0}.their_costs (day date, provider text, model text, price text, calls bigint, "
                "failures bigint, input bigint, cached bigint, output bigint, reasoning bigint, cost numeric, "
                "PRIMARY KEY (day, provider, model, price))"
            ).format(schema),
            SQL(
                "CREATE TABLE IF NOT EXISTS {0}.their_latencies (day date, provider text, model text, bucket integer, "
                "calls bigint, PRIMARY KEY (day, provider, model, bucket))"
            ).format(schema),
        ]
        self.add_costs = SQL(
            "INSERT INTO {0}.their_costs AS c VALUES (%s, %s, %s, %s, 1, %s, %s, %s, %s, %s, %s) "
            "ON CONFLICT (day, provider, model, price) DO UPDATE SET calls = c.calls + 1, "
            "failures = c.failures + excluded.failures, input = c.input + excluded.input, "
            "cached = c.cached + excluded.cached, output = c.output + excluded.output, "
            "reasoning = c.reasoning + excluded.reasoning, cost = c.cost + excluded.cost"
        ).format(schema)
        self.add_latency = SQL(
            "INSERT INTO {0}.their_latencies AS c VALUES (%s, %s, %s, %s, 1) "
            "ON CONFLICT (day, provider, model, bucket) DO UPDATE SET calls = c.calls + 1"
        ).format(schema)

    def add(self, attempts: Sequence[dict[str, Any]], tracking: Tracking) -> None:
        with self.datastore.transaction(commit=True) as cursor:
            for attempt in attempts:
                usage, failed = attempt["usage"], attempt["outcome"] != "ok"
                model = attempt["served"] or attempt["model"]
                key = (datetime.fromisoformat(attempt["started_at"]).date(), attempt["provider"], model)
                used = (usage["input"], usage["cached"], usage["output"], usage["reasoning"])
                row = (*key, attempt["price"] or "", int(failed), *used, Decimal(attempt["cost"]))
                cursor.execute(self.add_costs, row, prepare=True)
                cursor.execute(self.add_latency, (*key, bucket_of(attempt["latency_ms"])), prepare=True)
            self._insert_tracking(cursor, tracking)


class Costs(Projection[CostsView]):
    name = "costs"
    topics = (get_topic(Interaction.Metered),)  # the library too passes over the others within the database

    def process_event(self, domain_event: Any, tracking: Tracking) -> None:
        self.view.add(domain_event.facts["attempts"], tracking)


def _environment(url: str) -> dict[str, str]:
    parts = urlsplit(url)
    return {
        "PERSISTENCE_MODULE": "eventsourcing.postgres",
        "POSTGRES_DBNAME": parts.path.removeprefix("/"),
        "POSTGRES_HOST": parse_qs(parts.query)["host"][0],
        "POSTGRES_PORT": "5432",
        "POSTGRES_USER": parts.username or "postgres",
        "POSTGRES_PASSWORD": "",
        "POSTGRES_SCHEMA": "public",
    }


def replay(url: str, events: Sequence[Conversation.Event]) -> float:
    """Events per second from the first event to the last effect. `url` names a database without such a log."""
    environment = _environment(url)
    with Interactions(env=environment) as application:
        stored = [application.mapper.to_stored_event(_as_theirs(event)) for event in events]
        for start in range(0, len(stored), AT_ONCE):
            application.recorder.insert_events(stored[start : start + AT_ONCE])
    last = max(number for number, event in enumerate(events, 1) if isinstance(event, Conversation.Metered))
    began = time.perf_counter()
    with ProjectionRunner(
        application_class=Interactions, projection_class=Costs, view_class=CostsView, env=environment
    ) as runner:
        runner.wait(last, timeout=PATIENCE)
        return last / (time.perf_counter() - began)


def _as_theirs(event: Conversation.Event) -> Aggregate.Event:
    kind = Interaction.Metered if isinstance(event, Conversation.Metered) else Interaction.Other
    facts = msgspec.to_builtins(event, builtin_types=(UUID, Decimal)) | {"originator_id": ""}
    return kind(originator_id=uuid4(), originator_version=1, timestamp=event.timestamp, facts=facts)
