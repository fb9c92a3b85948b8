"""Makes the real parts, and closes them in turn: the composition root."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from uuid import UUID

from application.budgets.fair_queue import FairQueue
from application.budgets.pool import ReservationPool
from application.campaigns.gate import Cancelled
from application.campaigns.pages import CampaignPages
from application.channels.address import webhook_url
from application.channels.person import People
from application.channels.typing import TypingIndicator
from application.gateway.providers import Providers
from application.ports import (
    CallObserver,
)
from application.retrieval.embedding.metered import MeteredEmbedder
from application.retrieval.sources.asking import Late
from infra.alerts.email import mail_server
from infra.alerts.figures import ReadAlertFigures
from infra.alerts.senders import Senders
from infra.audit.checkpoints import Checkpoints
from infra.crypto.checking import KeyCheck
from infra.crypto.erasing import SubjectEraser
from infra.crypto.forgetting import forgetting
from infra.crypto.keyring import Keyring
from infra.crypto.passwords import Argon2Passwords
from infra.idempotency import StoredIdempotency
from infra.ids import uuid7
from infra.internet.brave import Brave
from infra.internet.google import Google
from infra.internet.searching import SearchApi, Searching
from infra.log.nodes import appender_of
from infra.log.reader import Reader
from infra.log.snapshots import Snapshots
from infra.log.store import LogStore
from infra.metrics.collected import Caches, Health, Log, Pools, ReadPlaces
from infra.metrics.deployment import Deployment
from infra.metrics.instruments import Instruments
from infra.outgoing.actions import HttpActionCaller
from infra.outgoing.contents import HttpContentSource
from infra.outgoing.webhooks import HttpWebhookSender
from infra.postgres.analysts import PgAnalysts
from infra.postgres.cell import Cell
from infra.postgres.database import Database, wait_for
from infra.postgres.directory import CellDirectory
from infra.postgres.work_places import DatabaseWorkPlaces
from infra.projections.reads import Reads
from infra.providers.catalogue import load_catalogue
from infra.providers.configured import ConfiguredCompleters
from infra.providers.embedding.embedders import ConfiguredEmbedders
from infra.providers.embedding.local import LocalEmbedder
from infra.providers.tokens import TokenCounter
from infra.providers.tuning.configured import ConfiguredTuners
from infra.providers.tuning.targets import load_targets
from infra.redis.buckets import TokenBuckets
from infra.redis.cache import RedisCache
from infra.redis.connection import RedisConnection
from infra.redis.document_progress import RedisProgress
from infra.redis.health import SharedHealth
from infra.redis.key_use import LastUse
from infra.redis.rate_limiter import SharedRateLimiter
from infra.redis.rejections import CountedRejections
from infra.redis.wakeups import Hints
from infra.replicas import Replica, Replicas
from infra.retrieval.cached_vectors import CachedVectors
from infra.retrieval.embedding import WordLlamaEmbedder
from infra.retrieval.extraction import FileExtractor
from infra.retrieval.kept_chunks import PgChunks
from infra.retrieval.kept_embeddings import PgEmbeddings
from infra.retrieval.vector_index.indexes import PgVectorIndexes
from infra.retrieval.vectors import PgVectors
from infra.schema.migrate import prepare
from infra.session_use import StoredSessionUse
from infra.settings import MAIN, Settings
from infra.storage.files import SealedFiles
from infra.storage.opening import FOLDER, blobs_of
from infra.telemetry.start import Role, telemetry
from infra.twilio.client import TwilioChannel
from infra.twilio.hosts import hosts_of
from infra.twilio.media import TwilioMedia
from infra.twilio.webhooks import TwilioWebhooks
from infra.work.rows import Work
from infra.work.subscribed import Subscribed
from infra.work.turns import Turns
from infra.work.webhook_lines import StoredLines
from interfaces.bootstrap.parts import Cells, Services, utc_now
from interfaces.offers import HeldOffers
from interfaces.probes import Probes
from interfaces.reading import (
    ReadAuthorship,
    ReadCorrections,
    ReadCustomers,
    ReadDatasets,
    ReadIdle,
    ReadNamedDocuments,
    ReadOutcomes,
    ReadPairs,
    ReadPurchases,
    ReadShadows,
    TranscriptLocator,
)
from projections import PROJECTIONS


@asynccontextmanager
async def services(
    settings: Settings,
    *,
    pool: int = 10,
    patient: bool = False,
    role: Role | None = None,
    name: str = MAIN,
    cells: Cells | None = None,
) -> AsyncIterator[Services]:
    """Connect, bring the schema up to date, and close all at the end. `settings.database_url` must be set.

    `patient`: a database that is away is waited for. `role`: whose traces are told, where they are; None: nobody's.
    `name` is the cell's, `cells` all that this process serves: it stands there while it is open. Raises Unavailable, OtherSchema, NotMigrated, LoginRefused, WrongSession.
    """
    # Long: the composition root. What is there, and in which order it closes, is one list; in parts they would hand each other all of it.
    if settings.database_url is None:
        raise ValueError("start the embedded servers first, or set DATABASE_URL")
    master = settings.master()
    cell = Cell(settings.database_url, master)
    if patient:
        await wait_for(cell)
    await prepare(cell)
    cells = Cells() if cells is None else cells
    async with AsyncExitStack() as stack:
        redis = await stack.enter_async_context(RedisConnection(settings.redis_url))
        hints = Hints(redis)
        stack.push_async_callback(hints.close)
        database = await stack.enter_async_context(Database(cell, size=pool))
        system = await stack.enter_async_context(Database(cell, role="retrace_runner", size=4))
        erasing = await stack.enter_async_context(Database(cell, role="retrace_eraser", size=1))
        replicas = _replicas(settings, master, database, system) if role == "serve" else None
        if replicas is not None:
            await stack.enter_async_context(replicas)
        keyring = Keyring(database, master)
        await stack.enter_async_context(forgetting(system, keyring))
        appender = await stack.enter_async_context(appender_of(cell))
        reader = Reader(database, keyring)
        embedder = WordLlamaEmbedder()
        extractor = FileExtractor()
        stack.push_async_callback(extractor.close)
        reads = Reads(database, system, PROJECTIONS)
        subscribed = await stack.enter_async_context(Subscribed(system))
        snapshots = Snapshots(database, keyring)
        catalogue = load_catalogue()
        instruments = Instruments(catalogue)
        told = await stack.enter_async_context(telemetry(settings, role, redis, instruments))
        traces = None if told is None else told.traces
        observer: CallObserver = instruments if told is None else told.observer(instruments)
        store = (LogStore if told is None else told.store)(
            appender, reader, snapshots, keyring, hints, subscribed.owed
        )
        webhook_sender = HttpWebhookSender(private=settings.allow_private_addresses)
        stack.push_async_callback(webhook_sender.close)
        contents = HttpContentSource(private=settings.allow_private_addresses)
        stack.push_async_callback(contents.close)
        action_caller = HttpActionCaller(private=settings.allow_private_addresses)
        stack.push_async_callback(action_caller.close)
        alert_senders = Senders(
            private=settings.allow_private_addresses,
            mail=mail_server(settings.smtp_url, settings.smtp_from),
            pagerduty=settings.pagerduty_base_url,
        )
        stack.push_async_callback(alert_senders.close)
        counter = TokenCounter()
        completers = ConfiguredCompleters(
            settings.providers,
            embedder,
            allow_private_addresses=settings.allow_private_addresses,
            store=store,
            catalogue=catalogue,
            counter=counter,
        )
        stack.push_async_callback(completers.close)
        embedders = ConfiguredEmbedders(
            completers, LocalEmbedder(embedder), counter, settings.embedding_model
        )
        stack.push_async_callback(embedders.close)
        tuners = ConfiguredTuners(completers)
        stack.push_async_callback(tuners.close)
        cache = RedisCache(redis, keyring)
        stack.push_async_callback(cache.close)
        # What a model said before it failed is not given out while it is down.
        health = SharedHealth(
            redis, opened=lambda place: cache.forget(place.owner, "responses", place.provider)
        )
        stack.push_async_callback(health.close)
        budget_queue = FairQueue()
        reservation_pool = ReservationPool(store=store, clock=utc_now, ids=uuid7)
        stack.push_async_callback(reservation_pool.close)
        media_source = TwilioMedia(
            hosts_of(settings.twilio_base_url), elsewhere=settings.twilio_base_url is not None, store=store
        )
        stack.push_async_callback(media_source.close)
        rejections = CountedRejections(redis)
        stack.push_async_callback(rejections.close)
        rate_limiter = SharedRateLimiter(redis)
        stack.push_async_callback(rate_limiter.close)
        deployment = Deployment(system, PROJECTIONS)
        for collector in (
            deployment,
            Pools(database, system, erasing),
            ReadPlaces(replicas),
            Log(store),
            Caches(cache, redis),
            Health(health, instruments),
        ):
            instruments.registry.register(collector)
        internet = Searching(_searches(settings), observed=instruments.searched)
        stack.push_async_callback(internet.close)
        channel = TwilioChannel(hosts_of(settings.twilio_base_url), _callback(settings))
        stack.push_async_callback(channel.close)
        typing = TypingIndicator(store=store, channel=channel)
        stack.push_async_callback(typing.close)
        late = Late()
        stack.push_async_callback(late.close)
        providers = Providers(
            completers=completers,
            catalogue=catalogue,
            counter=counter,
            health=health,
            cache=cache,
            observer=observer,
        )
        passwords = Argon2Passwords()
        stack.callback(passwords.close)
        vectors = PgVectors(database, keyring)
        stack.push_async_callback(vectors.close)
        parts = Services(
            settings=settings,
            cell=cell,
            name=name,
            cells=cells,
            database=database,
            system=system,
            replicas=replicas,
            redis=redis,
            hints=hints,
            keyring=keyring,
            appender=appender,
            reader=reader,
            store=store,
            turns=Turns(Work(system), hints),
            places=DatabaseWorkPlaces(system),
            embedder=MeteredEmbedder(
                embedders=embedders,
                kept=PgEmbeddings(database, keyring),
                keyring=keyring,
                catalogue=catalogue,
                store=store,
                clock=utc_now,
                ids=uuid7,
                cache=cache,
                health=health,
                reservation_pool=reservation_pool,
                budget_queue=budget_queue,
                observer=observer,
            ),
            vectors=CachedVectors(vectors, cache),
            chunks=PgChunks(database, keyring),
            progress=RedisProgress(redis),
            vector_indexes=PgVectorIndexes(database, cell),
            index_rules=settings.index_rules,
            files=SealedFiles(blobs_of(settings), keyring, settings.data / FOLDER),
            extractor=extractor,
            completers=completers,
            tuners=tuners,
            targets=load_targets(),
            health=health,
            cache=cache,
            providers=providers,
            reservation_pool=reservation_pool,
            budget_queue=budget_queue,
            catalogue=catalogue,
            eraser=SubjectEraser(erasing, keyring),
            checkpoints=Checkpoints(database, keyring),
            reads=reads,
            locator=TranscriptLocator(reads),
            authorship=ReadAuthorship(reads),
            idle=ReadIdle(reads),
            purchases=ReadPurchases(reads),
            offers=HeldOffers(reads, store, keyring),
            pairs=ReadPairs(reads),
            internet=internet,
            named_documents=ReadNamedDocuments(reads),
            outcomes=ReadOutcomes(reads),
            shadows=ReadShadows(reads),
            corrections=ReadCorrections(reads),
            customers=ReadCustomers(reads),
            datasets=ReadDatasets(reads),
            directory=CellDirectory(system),
            idempotency=StoredIdempotency(database, keyring),
            key_use=LastUse(redis, database),
            passwords=passwords,
            session_use=StoredSessionUse(database),
            analysts=PgAnalysts(database),
            rate_limiter=rate_limiter,
            channel=channel,
            buckets=TokenBuckets(redis),
            sends=instruments,
            typing=typing,
            webhook_lines=StoredLines(database),
            webhook_sender=webhook_sender,
            contents=contents,
            action_caller=action_caller,
            alert_figures=ReadAlertFigures(database),
            alert_senders=alert_senders,
            media_source=media_source,
            people=People(store=store, keyring=keyring, clock=utc_now),
            twilio_webhooks=TwilioWebhooks(settings.public),
            rejections=rejections,
            pages=CampaignPages(settings.public_url, keyring),
            unasked=Cancelled(store),
            probes=Probes(system, redis, KeyCheck(system, keyring)),
            instruments=instruments,
            traces=traces,
            deployment=deployment,
            late=late,
        )
        with cells.holding(name, parts):
            yield parts


def _replicas(settings: Settings, master: bytes, primary: Database, system: Database) -> Replicas | None:
    """Those of the settings; None: there are none."""
    found = [Replica(Cell(url, master), settings.replica_lag) for url in settings.replicas]
    return Replicas(found, primary, system, settings.replica_lag) if found else None


def _searches(settings: Settings) -> list[SearchApi]:
    """Those that there are keys for, in the order in which they are asked."""
    found: list[SearchApi] = []
    if settings.brave_search_key is not None:
        found.append(Brave(settings.brave_search_key, settings.brave_search_base_url))
    if settings.google_search_key is not None and settings.google_search_engine is not None:
        key, engine = settings.google_search_key, settings.google_search_engine
        found.append(Google(key, engine, settings.google_search_base_url))
    return found


def _callback(settings: Settings) -> Callable[[UUID, str], str] | None:
    """What Twilio is to call with what became of an attempt. None where it could not: it is told nothing of an address of this machine."""
    if settings.public_url is None and settings.twilio_base_url is None:
        return None
    return lambda tenant, attempt: f"{webhook_url(settings.public, tenant)}?attempt={attempt}"
