"""Puts a backup into a new data folder, and checks what was put there against what was signed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from uuid import UUID

import psycopg

from domain.audit.merkle import Tree, leaf_hash
from domain.audit.note import NoteRejected, verify
from domain.base.errors import Erased, Invalid
from infra.audit.checkpoints import Checkpoints, origin_of
from infra.backup.dump import load
from infra.backup.manifest import DATABASE, FILES, Manifest
from infra.crypto.wrapping import Masters, Tampered
from infra.postgres.database import Database
from infra.settings import Settings
from infra.storage.blobs import Blobs
from infra.storage.folder import FolderBlobs
from infra.storage.mirroring import Mirror

AT_ONCE = 20_000
"""Hashes that are read in one query."""


def check_place(settings: Settings) -> None:
    """The data folder is empty but for a master key. Raises Invalid."""
    data = settings.data
    if data.exists() and {path.name for path in data.iterdir()} - {settings.master_file.name}:
        raise Invalid(f"{data} is not empty; nothing was restored, name a new folder")


def check_master(manifest: Manifest, settings: Settings) -> None:
    """The master keys that the backup needs are here. Raises Invalid that names what is missing."""
    given: set[str] = set()
    if settings.master_key is not None or settings.master_file.exists():
        given = set(Masters(settings.master()).fingerprints)
    if missing := sorted(set(manifest.masters) - given):
        has = f"given: {', '.join(sorted(given))}" if given else "none was given"
        raise Invalid(
            f"this backup is wrapped with master key {', '.join(missing)} ({has}); nothing was restored. "
            f"Put the key as {settings.master_file}, a line a key, or give it as RETRACE_MASTER_KEY"
        )


async def restore(folder: Path, manifest: Manifest, *, url: str, files: Blobs) -> None:
    """`url`: an empty database of a superuser's. `files`: a place without any. Raises Invalid, DumpFailed, Unavailable."""
    if await files.tenants():
        raise Invalid(
            f"there are files at {files.place}, which another deployment may have; nothing was restored: give RETRACE_FILES a prefix of its own"
        )
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        there = {
            row[0] for row in await (await connection.execute("SELECT rolname FROM pg_roles")).fetchall()
        }
        for role in manifest.roles:
            if not re.fullmatch(r"retrace_[a-z]+", role):
                raise Invalid(f"the manifest names the role {role!r}, which is none of ours")
            if role not in there:
                await connection.execute(f"CREATE ROLE {role} NOLOGIN NOSUPERUSER NOBYPASSRLS".encode())
    await load(url, folder / DATABASE)
    mirror = Mirror(FolderBlobs(folder / FILES), files)
    tenants = await mirror.source.tenants()
    try:
        for tenant in tenants:
            await mirror.bring(tenant)
    except BaseException:
        for tenant in tenants:
            await files.remove_all(tenant)
        raise


async def check_note(
    note: str, key: str | None, *, database: Database, checkpoints: Checkpoints
) -> list[str]:
    """What speaks against this log being the one that was signed. `key`: that which stands beside the note, if any."""
    try:
        tenant = UUID(note.partition("\n")[0].rpartition("/")[2])
    except ValueError:
        return ["a checkpoint names no tenant"]
    async with database.tenant(tenant) as connection:
        query = "SELECT count(*) FROM signing_keys WHERE tenant = %s"
        if await (await connection.execute(query, [tenant])).fetchone() == (0,):
            return [f"tenant {tenant} has a checkpoint and is not in the backup"]
    try:
        known = await checkpoints.verifier_key(tenant)
    except (Tampered, Erased) as error:
        return [f"tenant {tenant}: its signing key does not open ({error})"]
    if key is not None and key != known:
        return [f"tenant {tenant}: the verifier key beside its checkpoint is not the tenant's"]
    try:
        checkpoint = verify(note, known)
    except NoteRejected as error:
        return [f"tenant {tenant}: its checkpoint is not signed with the tenant's key ({error})"]
    tree = Tree()
    if checkpoint.origin != origin_of(tenant):
        return [f"tenant {tenant}: its checkpoint is another log's"]
    query = "SELECT hash FROM events WHERE tenant = %s AND seq > %s AND seq <= %s ORDER BY seq LIMIT %s"
    while tree.size < checkpoint.size:
        async with database.tenant(tenant) as connection:
            cursor = await connection.execute(
                query, [tenant, tree.size, checkpoint.size, AT_ONCE], binary=True
            )
            hashes: Sequence[tuple[bytes]] = await cursor.fetchall()
        if not hashes:
            return [f"tenant {tenant}: the log has {tree.size} events, {checkpoint.size} were signed"]
        tree.extend(leaf_hash(row[0]) for row in hashes)
    if tree.root() != checkpoint.root:
        return [f"tenant {tenant}: its first {checkpoint.size} events are not those that were signed"]
    return []
