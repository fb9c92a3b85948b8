"""The eventsourcing library's own recorder for PostgreSQL, as it comes: one call of `insert_events` for each save."""

from __future__ import annotations

import threading
import time
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

from eventsourcing.persistence import StoredEvent
from eventsourcing.postgres import PostgresApplicationRecorder, PostgresDatastore

TOPIC = "conversation.message_received"


def datastore(url: str, connections: int) -> PostgresDatastore:
    """Connected to our embedded server, with one connection for everyone who asks at once."""
    parts = urlsplit(url)
    store = PostgresDatastore(
        dbname=parts.path.removeprefix("/"),
        host=parse_qs(parts.query)["host"][0],
        port=5432,
        user=parts.username or "postgres",
        password="",
        pool_size=connections,
        schema="public",
    )
    store.pool.open(wait=True)
    return store


def saves(url: str, writers: int, seconds: float, state: bytes) -> float:
    """Events per second of so many threads, each of which appends to a stream of its own, one event a call."""
    with datastore(url, writers) as store:
        recorder = PostgresApplicationRecorder(store, events_table_name="library_events")
        recorder.create_table()
        counts = [0] * writers
        start = threading.Barrier(writers + 1)
        over = threading.Event()

        def write(place: int) -> None:
            stream, version = uuid4(), 1
            recorder.insert_events([StoredEvent(stream, version, TOPIC, state)])
            start.wait()
            while not over.is_set():
                version += 1
                recorder.insert_events([StoredEvent(stream, version, TOPIC, state)])
                counts[place] += 1

        threads = [threading.Thread(target=write, args=(place,), daemon=True) for place in range(writers)]
        for thread in threads:
            thread.start()
        start.wait()
        began = time.perf_counter()
        time.sleep(seconds)
        rate = sum(counts) / (time.perf_counter() - began)
        over.set()
        for thread in threads:
            thread.join()
        return rate
