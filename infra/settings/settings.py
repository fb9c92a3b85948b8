"""The settings: one field each. docs/settings.md says what they are."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec

from domain.retrieval.vector_index.promotion import IndexRules
from infra.providers.access import Accesses
from infra.secret import Secret
from infra.server_urls import checked_database_url, checked_redis_url
from infra.settings import checks
from infra.settings.cells import MAIN, cells_in, checked_cells
from infra.settings.fields import Setting, fields_of
from infra.settings.masters import Vault, check_text, master_text, open_file, open_text
from infra.settings.replicas import checked_replicas, replicas_in, replicas_of
from infra.storage.address import bucket_of, checked_bucket

RATE = (0, 1_000_000)
"""Requests a minute (docs/limits.md)."""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What a deployment was told. A field's name stands in `retrace.toml`."""

    database_url: Annotated[Secret | None, Setting("DATABASE_URL", checked_database_url)] = None
    cells: Annotated[Secret | None, Setting("RETRACE_CELLS", checked_cells)] = None
    """Further databases, each with its tenants."""

    replica_url: Annotated[Secret | None, Setting("DATABASE_REPLICA_URL", checked_replicas)] = None
    """Streaming standbys that the HTTP role reads from where nothing is decided; of `by_cell` each has its own alone."""

    replica_lag: Annotated[int, Setting("RETRACE_REPLICA_LAG", between=(1, 3600))] = 5
    """Seconds; a standby that is further behind is not read from."""

    redis_url: Annotated[Secret | None, Setting("REDIS_URL", checked_redis_url)] = None
    data: Annotated[Path, Setting("RETRACE_DATA")] = Path(".retrace")
    files: Annotated[str | None, Setting("RETRACE_FILES", checked_bucket)] = None
    """The bucket that has the files; None: they lie below `data`."""

    aws_access_key_id: Annotated[Secret | None, Setting("AWS_ACCESS_KEY_ID")] = None
    aws_secret_access_key: Annotated[Secret | None, Setting("AWS_SECRET_ACCESS_KEY")] = None
    aws_session_token: Annotated[Secret | None, Setting("AWS_SESSION_TOKEN")] = None
    master_key: Annotated[Secret | None, Setting("RETRACE_MASTER_KEY", check_text)] = None
    operator_key: Annotated[Secret | None, Setting("RETRACE_OPERATOR_KEY", checks.operator_key)] = None
    host: Annotated[str, Setting("RETRACE_HOST")] = "127.0.0.1"
    port: Annotated[int, Setting("RETRACE_PORT", between=(1, 65535))] = 8080
    providers: Accesses = {}
    """What the deployment itself has of providers: two settings for each line of PROVIDERS (`providers.py`)."""

    embedding_model: Annotated[str | None, Setting("RETRACE_EMBEDDING_MODEL", checks.embedding_model)] = None
    """Of tenants without documents, which from then on stay with it."""

    source_timeout_ms: Annotated[int, Setting("RETRACE_SOURCE_TIMEOUT_MS", between=(10, 60_000))] = 300
    """That each source of passages has."""

    vector_index_chunks: Annotated[int, Setting("RETRACE_VECTOR_INDEX_CHUNKS", between=(100, 10**9))] = 20_000
    vector_index_recall: Annotated[int, Setting("RETRACE_VECTOR_INDEX_RECALL", between=(1, 100))] = 99
    """Per cent."""

    vector_indexes: Annotated[int, Setting("RETRACE_VECTOR_INDEXES", between=(0, 1000))] = 16
    public_url: Annotated[str | None, Setting("RETRACE_PUBLIC_URL", checks.public_address)] = None
    cors_origins: Annotated[str | None, Setting("RETRACE_CORS_ORIGINS", checks.origins)] = None
    twilio_base_url: Annotated[str | None, Setting("TWILIO_BASE_URL", checks.web_address)] = None
    brave_search_key: Annotated[Secret | None, Setting("BRAVE_SEARCH_KEY")] = None
    brave_search_base_url: Annotated[str | None, Setting("BRAVE_SEARCH_BASE_URL", checks.web_address)] = None
    google_search_key: Annotated[Secret | None, Setting("GOOGLE_SEARCH_KEY")] = None
    google_search_engine: Annotated[str | None, Setting("GOOGLE_SEARCH_ENGINE")] = None
    google_search_base_url: Annotated[str | None, Setting("GOOGLE_SEARCH_BASE_URL", checks.web_address)] = (
        None
    )
    smtp_url: Annotated[Secret | None, Setting("RETRACE_SMTP_URL", checks.mail_server)] = None
    smtp_from: Annotated[str | None, Setting("RETRACE_SMTP_FROM", checks.mail_address)] = None
    pagerduty_base_url: Annotated[str | None, Setting("PAGERDUTY_BASE_URL", checks.web_address)] = None
    alert_interval: Annotated[int, Setting("RETRACE_ALERT_INTERVAL", between=(5, 3600))] = 60
    """Seconds between two looks at a tenant's alerts."""

    allow_private_addresses: Annotated[bool, Setting("RETRACE_ALLOW_PRIVATE_ADDRESSES")] = False
    """True by default where the database is embedded."""

    log_level: Annotated[str, Setting("RETRACE_LOG_LEVEL", checks.level)] = "INFO"
    worker_concurrency: Annotated[int, Setting("RETRACE_WORKER_CONCURRENCY", between=(1, 1000))] = 256
    metrics_port: Annotated[int | None, Setting("RETRACE_METRICS_PORT", between=(1, 65533))] = None
    otlp_endpoint: Annotated[str | None, Setting("OTEL_EXPORTER_OTLP_ENDPOINT", checks.web_address)] = None
    trace_content: Annotated[bool, Setting("RETRACE_TRACE_CONTENT")] = False
    removal_grace_days: Annotated[int, Setting("RETRACE_REMOVAL_GRACE_DAYS", between=(1, 3650))] = 30
    max_connections: Annotated[int, Setting("RETRACE_MAX_CONNECTIONS", between=(10, 100_000))] = 2000
    header_timeout: Annotated[int, Setting("RETRACE_HEADER_TIMEOUT", between=(1, 600))] = 10
    silence_timeout: Annotated[int, Setting("RETRACE_SILENCE_TIMEOUT", between=(1, 600))] = 30
    min_transfer_rate: Annotated[int, Setting("RETRACE_MIN_TRANSFER_RATE", between=(1, 1_000_000))] = 4096
    max_streams_per_key: Annotated[int, Setting("RETRACE_MAX_STREAMS_PER_KEY", between=(1, 100_000))] = 250
    max_streams_per_tenant: Annotated[
        int, Setting("RETRACE_MAX_STREAMS_PER_TENANT", between=(1, 100_000))
    ] = 500
    rate_requests: Annotated[int, Setting("RETRACE_RATE_REQUESTS", between=RATE)] = 6000
    rate_requests_per_key: Annotated[int, Setting("RETRACE_RATE_REQUESTS_PER_KEY", between=RATE)] = 6000
    rate_answers: Annotated[int, Setting("RETRACE_RATE_ANSWERS", between=RATE)] = 1200
    rate_messages_per_customer: Annotated[
        int, Setting("RETRACE_RATE_MESSAGES_PER_CUSTOMER", between=RATE)
    ] = 60
    rate_uploads: Annotated[int, Setting("RETRACE_RATE_UPLOADS", between=RATE)] = 60
    rate_searches: Annotated[int, Setting("RETRACE_RATE_SEARCHES", between=RATE)] = 1200
    rate_ratings_per_interaction: Annotated[
        int, Setting("RETRACE_RATE_RATINGS_PER_INTERACTION", between=RATE)
    ] = 10
    rate_ratings_per_address: Annotated[int, Setting("RETRACE_RATE_RATINGS_PER_ADDRESS", between=RATE)] = 60
    rate_sign_ins_per_account: Annotated[int, Setting("RETRACE_RATE_SIGN_INS_PER_ACCOUNT", between=RATE)] = 10
    rate_sign_ins_per_address: Annotated[int, Setting("RETRACE_RATE_SIGN_INS_PER_ADDRESS", between=RATE)] = 30
    session_idle_minutes: Annotated[int, Setting("RETRACE_SESSION_IDLE_MINUTES", between=(2, 1440))] = 30
    session_hours: Annotated[int, Setting("RETRACE_SESSION_HOURS", between=(1, 168))] = 12
    invitation_hours: Annotated[int, Setting("RETRACE_INVITATION_HOURS", between=(1, 720))] = 72
    vault_addr: Annotated[str | None, Setting("VAULT_ADDR", checks.web_address)] = None
    vault_token: Annotated[Secret | None, Setting("VAULT_TOKEN")] = None
    vault_key: Annotated[str, Setting("RETRACE_VAULT_KEY", checks.vault_key)] = "transit/retrace"

    @property
    def public(self) -> str:
        """The address at which the outside reaches the HTTP API, without a slash at its end."""
        return (self.public_url or f"http://{self.host}:{self.port}").rstrip("/")

    @property
    def origins(self) -> tuple[str, ...]:
        """Of the browser apps that may call the API; `*`: any that a key is bound to."""
        return tuple((self.cors_origins or "").split(",")) if self.cors_origins else ()

    @property
    def index_rules(self) -> IndexRules:
        """Which tenants may have a vector index of their own."""
        return IndexRules(
            least=self.vector_index_chunks, recall=self.vector_index_recall / 100, most=self.vector_indexes
        )

    @property
    def by_cell(self) -> dict[str, Settings]:
        """Name → the settings as they hold for that cell, the main one first: its database, and the place of its files."""
        replicas = replicas_in(self.replica_url or "")
        main = msgspec.structs.replace(self, replica_url=replicas_of(replicas, MAIN))
        if self.cells is None:
            return {MAIN: main}
        key = self.master_key or master_text(self.master())  # which is looked for in the deployment's folder
        return {MAIN: main} | {
            name: msgspec.structs.replace(
                self,
                database_url=Secret(url),
                data=self.data / "cells" / name,
                files=bucket_of(self.files).below("cells", name).text if self.files else None,
                master_key=key,
                replica_url=replicas_of(replicas, name),
            )
            for name, url in cells_in(self.cells).items()
        }

    @property
    def replicas(self) -> tuple[str, ...]:
        """The addresses of the main cell's standbys; of settings of `by_cell`, of that cell's."""
        return replicas_in(self.replica_url or "").get(MAIN, ())

    @property
    def embedded(self) -> bool:
        """Whether the database is ours to run."""
        return self.database_url is None

    @property
    def master_file(self) -> Path:
        """Where the embedded mode keeps the master key."""
        return self.data / "master.key"

    @property
    def vault(self) -> Vault:
        return self.vault_addr, self.vault_token, self.vault_key

    def master(self) -> bytes:
        """The master keys, 32 bytes each, the current one first. The embedded mode makes one for a new database. Raises InvalidSettings."""
        if self.master_key is not None:
            return open_text(self.master_key, self.vault)
        begun = self.embedded and (self.data / "postgres").exists()
        return open_file(self.master_file, self.vault, begun=begun)


FIELDS = fields_of(Settings)
"""By their names; without those that follow from the table of providers."""
