"""Keys: those that seal what is personal, their rotation and end; and the use of API keys."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID


class Keyring(Protocol):
    """Keys per subject under tenant keys under a master key."""

    def seal(self, tenant: UUID, subject: UUID, data: bytes, context: bytes) -> Awaitable[bytes]:
        """Encrypt under the subject's key (made if there is none); `context` must be the same when unsealing."""

    def unseal(self, tenant: UUID, data: bytes, context: bytes) -> Awaitable[bytes]:
        """Decrypt what `seal` gave. Raises NotFound when the subject's key was destroyed."""

    def identify(self, tenant: UUID, *parts: str) -> Awaitable[UUID]:
        """A stable id for a name, which nobody without the tenant's key can link to it."""


class KeyKeeper(Protocol):
    """Wraps keys anew; what a subject's key sealed is never rewritten. Everything may be done again after a crash."""

    @property
    def master(self) -> str:
        """Fingerprint of the current master key."""

    async def newest(self, tenant: UUID) -> int:
        """The newest generation of the tenant's key, 0 if it has none yet."""

    async def outdated(self, tenant: UUID) -> int:
        """How many subjects' keys are wrapped with an older generation."""

    async def retired(self, tenant: UUID) -> int:
        """How many of the tenant's keys are not known to be wrapped with the current master key."""

    async def begin(self, tenant: UUID, generation: int) -> None:
        """Make the generation, if it is not there yet."""

    async def rewrap_subjects(self, tenant: UUID, progress: Callable[[int], object]) -> int:
        """Wrap all subjects' keys with the newest generation, those too that other processes still make for some seconds.

        Returns how many there were; `progress` hears how many so far.
        """

    async def rewrap_tenant(self, tenant: UUID) -> int:
        """Wrap the tenant's keys with the current master key; how many were not. Raises Fault where one does not open."""


class Eraser(Protocol):
    async def calls_of(self, tenant: UUID, user: UUID) -> Sequence[UUID]:
        """The calls that the user's key sealed, and that are not blanked yet."""

    async def embedding_calls_of(self, tenant: UUID, user: UUID) -> Sequence[UUID]:
        """Those of the embeddings API."""

    async def erase(self, tenant: UUID, subject: UUID) -> int:
        """Destroy the subject's key; blank, or remove, whatever was sealed with it. Returns how many events were blanked."""

    async def erased(self, tenant: UUID, subjects: Collection[UUID]) -> frozenset[UUID]:
        """Those of them whose keys are destroyed."""

    async def erase_tenant(self, tenant: UUID, *, but: str) -> int:
        """Destroy all keys of the tenant's; blank, or remove, whatever they sealed, and all work `but` that of this kind.

        Returns how many events were blanked.
        """


class KeyWrapper(Protocol):
    """A key management service that seals master keys. Called at a process's start, in a thread of its own or before any loop runs."""

    def wrap(self, secret: bytes) -> str:
        """The sealed key as a text that begins with the service's name and a colon, without commas and white space. Raises Fault."""

    def unwrap(self, text: str) -> bytes:
        """The key in what `wrap` gave, also before the service rotated its own. Raises Fault."""


class Signer(Protocol):
    async def sign_last(self, tenant: UUID) -> None:
        """Sign the log as it stands, if it can be signed: its keys are about to go."""


class KeyUse(Protocol):
    """When API keys were last used."""

    async def used(self, tenant: UUID, key: str, at: datetime) -> None: ...

    async def last(self, tenant: UUID) -> dict[str, datetime]:
        """Key id → time, within an hour, mostly within a minute; keys that were never used are left out."""
