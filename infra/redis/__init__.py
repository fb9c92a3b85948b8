"""Adapters on Redis."""

from infra.absent import absent

with absent("opentelemetry"):  # which redis-py would count its commands by: our own metrics do
    import redis.asyncio as _  # noqa: F401
