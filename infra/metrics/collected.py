"""What a process knows anyway, and tells when somebody asks: pools of connections, the log, caches, circuits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol, get_args

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from application.ports import Place
from domain.gateway.health import State
from infra.log.store import LogStore
from infra.metrics.instruments import Instruments
from infra.postgres.database import Database
from infra.redis.cache import RedisCache
from infra.redis.connection import RedisConnection
from infra.replicas import Replicas


class Circuits(Protocol):
    def states(self) -> Mapping[Place, State]: ...


class Pools(Collector):
    """The pools of database connections, by role."""

    def __init__(self, *databases: Database) -> None:
        self._databases = databases

    def collect(self) -> Iterator[Metric]:
        held = GaugeMetricFamily(
            "retrace_database_connections", "Connections of the pool.", labels=["role", "state"]
        )
        waiting = GaugeMetricFamily(
            "retrace_database_waiting", "Callers that wait for a connection now.", labels=["role"]
        )
        waited = CounterMetricFamily(
            "retrace_database_wait_seconds", "How long callers waited, in all.", labels=["role"]
        )
        failed = CounterMetricFamily(
            "retrace_database_refused", "Callers that waited in vain.", labels=["role"]
        )
        for database in self._databases:
            role, stats = database.role, database.stats()
            size, idle = stats.get("pool_size", 0), stats.get("pool_available", 0)
            held.add_metric([role, "idle"], idle)
            held.add_metric([role, "used"], size - idle)
            waiting.add_metric([role], stats.get("requests_waiting", 0))
            waited.add_metric([role], stats.get("requests_wait_ms", 0) / 1000)
            failed.add_metric([role], stats.get("requests_errors", 0))
        yield from (held, waiting, waited, failed)


class ReadPlaces(Collector):
    """Read replicas, and where requests that decide nothing were answered. `replicas` None: there are none, and nothing is told."""

    def __init__(self, replicas: Replicas | None) -> None:
        self._replicas = replicas

    def collect(self) -> Iterator[Metric]:
        if self._replicas is None:
            return
        text = "Reads of requests that decide nothing, by where they were answered."
        reads = CounterMetricFamily("retrace_replica_reads", text, labels=["place"])
        for place, count in self._replicas.reads.items():
            reads.add_metric([place], count)
        text = "How far a replica is behind the primary, at most; +Inf where that is not known."
        lag = GaugeMetricFamily("retrace_replica_lag_seconds", text, labels=["replica"])
        text = "1: reads go to it; 0: it is away, too far behind, or no replica of this primary."
        used = GaugeMetricFamily("retrace_replica_used", text, labels=["replica"])
        for replica in self._replicas.all:
            lag.add_metric([replica.place], replica.lag)
            used.add_metric([replica.place], float(replica.usable))
        yield from (reads, lag, used)


class Log(Collector):
    def __init__(self, store: LogStore) -> None:
        self._store = store

    def collect(self) -> Iterator[Metric]:
        text = "Commands that this process appended to the log, by outcome."
        saves = CounterMetricFamily("retrace_saves", text, labels=["outcome"])
        for outcome, count in self._store.saves.items():
            saves.add_metric([outcome], count)
        yield saves


class Caches(Collector):
    def __init__(self, cache: RedisCache, redis: RedisConnection) -> None:
        self._cache, self._redis = cache, redis

    def collect(self) -> Iterator[Metric]:
        for name, counts in (("hits", self._cache.hits), ("misses", self._cache.misses)):
            text = "Of the caches in Redis, by kind and, for answers, provider."
            family = CounterMetricFamily(f"retrace_cache_{name}", text, labels=["kind", "group"])
            for (kind, group), count in sorted(counts.items()):
                family.add_metric([kind, group], count)
            yield family
        text = "1: Redis answers this process; 0: it does not, or there is none."
        yield GaugeMetricFamily("retrace_redis_up", text, value=float(self._redis.there))


class Health(Collector):
    """Circuits of the deployment's own keys, as this process knows them; those of tenants' keys are shown by `retrace providers health`."""

    def __init__(self, circuits: Circuits, instruments: Instruments) -> None:
        self._circuits, self._instruments = circuits, instruments

    def collect(self) -> Iterator[Metric]:
        text = (
            "1 for the state that the circuit of a model is in: healthy, unhealthy (left alone) or probing."
        )
        family = GaugeMetricFamily("retrace_provider_circuit", text, labels=["provider", "model", "state"])
        worst: dict[tuple[str, str], State] = {}
        for place, state in self._circuits.states().items():
            if place.owner is None:
                labels = place.provider, self._instruments.model_of(place.provider, place.model)
                worst[labels] = max(worst.get(labels, state), state, key=WORSE.index)
        for (provider, model), now in sorted(worst.items()):
            for state in WORSE:
                family.add_metric([provider, model, state], float(state == now))
        yield family


WORSE: Sequence[State] = ("healthy", "probing", "unhealthy")
assert set(WORSE) == set(get_args(State))
