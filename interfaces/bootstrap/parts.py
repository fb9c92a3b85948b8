"""All that a process has at hand, by name: the adapters behind the ports, and what is made of them."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg

from application.answers.suggesting.known import CatalogueSuggesting
from application.audit.verification import ConcludeVerification, conclude_verification
from application.budgets.fair_queue import FairQueue
from application.budgets.pool import ReservationPool
from application.campaigns.gate import Cancelled
from application.campaigns.pages import CampaignPages
from application.channels.channels import ChannelUses
from application.channels.person import People
from application.gateway.providers import Providers
from application.insight.alerts.known import KnownAlerts
from application.learning.tuning.training import TrainingSets
from application.ports import (
    ActionCaller,
    AlertFigures,
    AlertSenders,
    AnalystDatabase,
    Authorship,
    Buckets,
    Channel,
    Chunks,
    Clock,
    ContentSource,
    Corrections,
    Customers,
    Datasets,
    Directory,
    DocumentProgress,
    Fault,
    FineTuners,
    Idempotency,
    Idle,
    Ids,
    InternetSearch,
    KeyUse,
    Lines,
    Locator,
    NamedDocuments,
    Offers,
    Outcomes,
    Pairs,
    Passwords,
    Purchases,
    RateLimiter,
    SendObserver,
    SessionUse,
    Shadows,
    Typing,
    Vectors,
    WebhookSender,
)
from application.retrieval.embedding.metered import MeteredEmbedder
from application.retrieval.retrieve import SourcesRetriever
from application.retrieval.sources.asking import InTime, Late
from application.retrieval.sources.catalogue import CatalogueSource
from application.retrieval.sources.index import IndexSource
from application.retrieval.sources.internet import InternetSource
from application.retrieval.sources.purchases import PurchasesSource
from application.tenancy.newcomers import Newcomers
from domain.base.context import Context
from domain.base.errors import Refusal
from domain.learning.tuning_target import Targets
from domain.models.catalogue import Catalogue
from domain.retrieval.vector_index.promotion import IndexRules
from infra.audit.checkpoints import Checkpoints
from infra.audit.verify import Report, verify
from infra.crypto.erasing import SubjectEraser
from infra.crypto.keyring import Keyring
from infra.ids import uuid7
from infra.log.appender import Appender
from infra.log.reader import Reader
from infra.log.store import LogStore
from infra.metrics.by_cell import exposition
from infra.metrics.deployment import Deployment
from infra.metrics.instruments import Instruments
from infra.postgres.cell import Cell
from infra.postgres.database import Database
from infra.postgres.work_places import DatabaseWorkPlaces
from infra.projections.reads import Reads
from infra.providers.configured import ConfiguredCompleters
from infra.redis.cache import RedisCache
from infra.redis.connection import RedisConnection
from infra.redis.health import SharedHealth
from infra.redis.rejections import CountedRejections
from infra.redis.wakeups import Hints
from infra.replicas import Replicas, Sight, SightReader, SightReads
from infra.retrieval.extraction import FileExtractor
from infra.retrieval.vector_index.indexes import PgVectorIndexes
from infra.settings import Settings
from infra.storage.files import SealedFiles
from infra.telemetry.start import Tracing
from infra.twilio.media import TwilioMedia
from infra.twilio.webhooks import TwilioWebhooks
from infra.work.turns import Turns
from interfaces.bootstrap.cells import OpenCells
from interfaces.probes import Probes
from projections import PROJECTIONS

log = logging.getLogger("retrace.audit")


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, kw_only=True)
class Services:
    """Everything that a role works with. `database` sees one tenant at a time, `system` the bookkeeping of all."""

    settings: Settings
    cell: Cell
    name: str
    """The cell's."""

    cells: OpenCells[Services]
    """All that this process serves."""

    database: Database
    system: Database
    replicas: Replicas | None
    """None: there are none that this role would read from."""

    redis: RedisConnection
    hints: Hints
    keyring: Keyring
    appender: Appender
    reader: Reader
    store: LogStore
    turns: Turns
    places: DatabaseWorkPlaces
    embedder: MeteredEmbedder
    vectors: Vectors
    chunks: Chunks
    progress: DocumentProgress
    vector_indexes: PgVectorIndexes
    index_rules: IndexRules
    files: SealedFiles
    extractor: FileExtractor
    completers: ConfiguredCompleters
    tuners: FineTuners
    targets: Targets
    health: SharedHealth
    cache: RedisCache
    providers: Providers
    reservation_pool: ReservationPool
    catalogue: Catalogue
    """The shipped one."""

    eraser: SubjectEraser
    checkpoints: Checkpoints
    reads: Reads
    locator: Locator
    authorship: Authorship
    idle: Idle
    purchases: Purchases
    offers: Offers
    pairs: Pairs
    internet: InternetSearch
    named_documents: NamedDocuments
    outcomes: Outcomes
    shadows: Shadows
    corrections: Corrections
    customers: Customers
    datasets: Datasets
    directory: Directory
    idempotency: Idempotency
    key_use: KeyUse
    passwords: Passwords
    session_use: SessionUse
    analysts: AnalystDatabase
    rate_limiter: RateLimiter
    channel: Channel
    buckets: Buckets
    sends: SendObserver
    typing: Typing
    webhook_lines: Lines
    webhook_sender: WebhookSender
    contents: ContentSource
    action_caller: ActionCaller
    alert_figures: AlertFigures
    alert_senders: AlertSenders
    known_alerts: KnownAlerts = field(default_factory=KnownAlerts)
    probes: Probes
    instruments: Instruments
    traces: Tracing | None
    """None: nobody is told."""

    deployment: Deployment
    clock: Clock = utc_now
    ids: Ids = uuid7
    budget_queue: FairQueue = field(default_factory=FairQueue)
    people: People
    media_source: TwilioMedia
    twilio_webhooks: TwilioWebhooks
    rejections: CountedRejections
    pages: CampaignPages
    unasked: Cancelled
    newcomers: Newcomers = field(default_factory=Newcomers)
    background: set[asyncio.Task[Any]] = field(default_factory=set)
    """Answers that go on after their request has stopped waiting; held here so that they are not lost."""

    answering: Counter[UUID] = field(default_factory=Counter)
    """How many of those each tenant has."""

    late: Late = field(default_factory=Late)
    """Requests for passages that no answer waits for any more."""

    def seen_from(self, sight: Sight) -> Services:
        """The same for one request that decides nothing: read models, and events that are shown, are read where `sight` says. Nothing else is."""
        events = SightReader(sight, self.keyring)
        reads = SightReads(self.database, self.system, PROJECTIONS, sight)
        return replace(self, reads=reads, reader=events, store=self.store.shown_by(events))

    @property
    def stopping(self) -> asyncio.Event:
        """Set when the process is to stop: what would go on for ever ends then."""
        return self.cells.stopping

    @property
    def alert_interval(self) -> timedelta:
        return timedelta(seconds=self.settings.alert_interval)

    @property
    def in_time(self) -> InTime:
        return InTime(seconds=self.settings.source_timeout_ms / 1000, late=self.late)

    @property
    def uses(self) -> ChannelUses:
        return ChannelUses(self.store)

    @property
    def suggesting(self) -> CatalogueSuggesting:
        return CatalogueSuggesting(self.offers, self.pairs, self.clock)

    @property
    def retriever(self) -> SourcesRetriever:
        """The sources of passages, one a line."""
        return SourcesRetriever(
            sources=(
                CatalogueSource(self.offers, self.store, self.keyring),
                PurchasesSource(self.purchases, self.store, self.keyring, self.clock),
                IndexSource(self.vectors),
                InternetSource(
                    self.internet,
                    offers=self.offers,
                    store=self.store,
                    keyring=self.keyring,
                    clock=self.clock,
                    ids=self.ids,
                ),
            ),
            store=self.store,
            clock=self.clock,
            in_time=self.in_time,
        )

    @property
    def training(self) -> TrainingSets:
        """Training sets, as files of a vendor's form."""
        return TrainingSets(self)

    async def verify(
        self, tenant: UUID, *, closely: bool = False, progress: Callable[[int], None] = lambda _: None
    ) -> Report:
        """Check a tenant's whole log; `closely`: also that all of it opens. `progress` hears how far it has come."""
        return await verify(
            tenant,
            database=self.database,
            keyring=self.keyring,
            checkpoints=self.checkpoints,
            closely=closely,
            progress=progress,
        )

    async def conclude(self, report: Report, context: Context) -> None:
        """Have what a verification found on record. A log that is damaged may refuse that: then it is told here alone."""
        faults = Counter[str](finding.fault for finding in report.findings)
        places = [finding.seq for finding in report.findings if finding.seq is not None]
        found = ConcludeVerification(events=report.events, faults=faults, first=min(places, default=None))
        try:
            await conclude_verification(found, context, store=self.store, clock=self.clock)
        except (Fault, Refusal, psycopg.Error) as error:
            facts = {
                "tenant": str(context.tenant),
                "error": type(error).__name__,
                "faults": sum(faults.values()),
            }
            log.error("a verification's result could not be put on record", extra={"facts": facts})

    async def figures(self, accept: str = "") -> tuple[bytes, str]:
        """What this process and the deployment's databases have to tell Prometheus, and its media type, as `accept` has it."""
        cells = self.cells.open.items()
        told = {name: (services.instruments, services.deployment.refresh) for name, services in cells}
        return await exposition(told, accept, labelled=len(self.cells.names) > 1)


Cells = OpenCells[Services]
