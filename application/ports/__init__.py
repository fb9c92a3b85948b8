"""What the use cases need from the outside: one protocol a role, implemented in `infra/`."""

from application.ports.documents import Chunk, Embedder, ExtractedPage, Extractor, Files, Vectors
from application.ports.edges import Clock, Ids
from application.ports.faults import Fault, ProviderError, Unavailable
from application.ports.idempotency import Idempotency, Kept
from application.ports.keys import Eraser, KeyKeeper, Keyring, KeyUse
from application.ports.log import Found, Owed, Saved, Settled, Store, Tallied, Tally, Wanted
from application.ports.providers import (
    CACHE_KINDS,
    Cache,
    CacheKind,
    CallObserver,
    Completer,
    Completers,
    Counter,
    Health,
    HealthKeeper,
    KeyedProviders,
    Place,
)
from application.ports.reading import (
    Authorship,
    Directory,
    Idle,
    IdleConversation,
    Located,
    Locator,
    Metrics,
    Writing,
)

__all__ = [
    "CACHE_KINDS",
    "Authorship",
    "Cache",
    "CacheKind",
    "CallObserver",
    "Chunk",
    "Clock",
    "Completer",
    "Completers",
    "Counter",
    "Directory",
    "Embedder",
    "Eraser",
    "ExtractedPage",
    "Extractor",
    "Fault",
    "Files",
    "Found",
    "Health",
    "HealthKeeper",
    "Idempotency",
    "Idle",
    "IdleConversation",
    "Ids",
    "Kept",
    "KeyKeeper",
    "KeyUse",
    "KeyedProviders",
    "Keyring",
    "Located",
    "Locator",
    "Metrics",
    "Owed",
    "Place",
    "ProviderError",
    "Saved",
    "Settled",
    "Store",
    "Tallied",
    "Tally",
    "Unavailable",
    "Vectors",
    "Wanted",
    "Writing",
]
