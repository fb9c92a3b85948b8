"""A deployment is copied while it runs and put back elsewhere; what was changed in between is found."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import msgspec
import psycopg
import pytest

from application.ports import Unavailable
from application.tenancy.tenant import CreateTenant, create_tenant
from domain.base.errors import Invalid, NotFound
from domain.conversations.conversation import Conversation
from infra.backup import manifest
from infra.backup.dump import DumpFailed, dump
from infra.backup.making import make
from infra.backup.manifest import Manifest
from infra.backup.restoring import check_master, check_note, check_place
from infra.crypto.rotating import Rotator
from infra.embedded import servers
from infra.master_key import fingerprint
from infra.postgres.database import Database
from infra.settings import Secret, Settings, master_text
from interfaces.bootstrap import Services, services
from tests.cells import cell
from tests.contents import pieces, whole
from tests.infra.log.parts import MASTER, context, started
from tests.until import until

TEXT = master_text(MASTER)


@asynccontextmanager
async def deployment(url: str, data: Path) -> AsyncIterator[Services]:
    async with services(Settings(database_url=Secret(url), data=data, master_key=TEXT), pool=4) as parts:
        yield parts


async def shop(parts: Services) -> UUID:
    made = await create_tenant(
        CreateTenant(name="Shop"), actor="operator:test", store=parts.store, clock=parts.clock, ids=parts.ids
    )
    return made.tenant


async def back_up(parts: Services, folder: Path, *tenants: UUID, doubtful: bool = False) -> Manifest:
    url = str(parts.settings.database_url)
    async with Database(cell(url), role="retrace_keeper", size=1) as database:
        made, doubts = await make(
            folder,
            url=url,
            files=parts.files.blobs,
            tenants=tenants,
            checkpoints=parts.checkpoints,
            rotator=Rotator(database, MASTER),
        )
    assert bool(doubts) == doubtful
    return made


def restore(folder: Path, data: Path, *options: str) -> tuple[int, Any]:
    """As a user does, in a process of its own; exit status and what it printed."""
    environment = {k: v for k, v in os.environ.items() if k not in ("DATABASE_URL", "REDIS_URL")}
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "interfaces.cli",
            "restore",
            str(folder),
            "--data",
            str(data),
            "--json",
            *options,
        ],
        env={**environment, "RETRACE_MASTER_KEY": TEXT},
        capture_output=True,
        text=True,
        timeout=120,
        cwd=Path(__file__).parent.parent.parent,
    )
    assert done.returncode in (0, 1), done.stderr
    return done.returncode, json.loads(done.stdout)["findings"] if done.stdout else done.stderr


class Traffic:
    """Conversations, and files that are written before and deleted after what speaks of them."""

    def __init__(self, parts: Services, tenant: UUID) -> None:
        self.parts, self.tenant = parts, tenant
        self.stop = False
        self.saved = self.deleted = 0
        self.written: list[tuple[float, UUID]] = []

    async def run(self) -> None:
        while not self.stop:
            document = uuid4()
            await self.parts.files.write(self.tenant, document, pieces(document.bytes * 100))
            await self.say(f"added {document}")
            self.written.append((time.monotonic(), document))
            while self.written and time.monotonic() - self.written[0][0] > 1:
                _, old = self.written.pop(0)
                await self.say(f"deleted {old}")
                self.deleted += 1
                await self.parts.files.delete(self.tenant, old)

    async def say(self, text: str) -> None:
        await self.parts.store.save(started(text), context=context(self.tenant))
        self.saved += 2


async def test_a_backup_that_was_made_under_traffic_is_put_back_and_verified(
    database_url: str, tmp_path: Path
) -> None:
    async with deployment(database_url, tmp_path / "data") as parts:
        tenant = await shop(parts)
        kept = uuid4()
        await parts.files.write(tenant, kept, pieces(b"kept"))
        traffic = Traffic(parts, tenant)
        async with asyncio.TaskGroup() as group:
            for _ in range(3):
                group.create_task(traffic.run())
            await until(lambda: traffic.saved > 20 and traffic.deleted)
            before = traffic.saved
            made = await back_up(parts, tmp_path / "backup", tenant)
            after = traffic.saved
            traffic.stop = True
        assert after > before  # it did not stand still
        note = (await parts.checkpoints.all(tenant))[0].note
    assert [mark.tenant for mark in made.tenants] == [tenant]
    assert not any(b"0123456789abcdef" in path.read_bytes() for path in (tmp_path / "backup").rglob("*.*"))
    (tmp_path / "note").write_text(note)
    assert restore(tmp_path / "backup", tmp_path / "new", "--checkpoint", str(tmp_path / "note")) == (0, [])
    with servers(tmp_path / "new") as running:
        async with deployment(running.database_url, tmp_path / "new") as parts:
            events = [recorded async for recorded in parts.store.events(tenant)]
            assert before <= len(events) <= traffic.saved + 3
            assert await whole(parts.files.read(tenant, kept)) == b"kept"
            said: dict[str, set[UUID]] = {"added": set(), "deleted": set()}
            for recorded in events:
                if isinstance(recorded.event, Conversation.MessageReceived):
                    what, _, name = recorded.event.text.partition(" ")
                    said[what].add(UUID(name))
            assert said["deleted"]
            for document in said["added"] - said["deleted"]:
                assert await whole(parts.files.read(tenant, document)) == document.bytes * 100
            # It goes on where it was.
            await parts.store.save(started("again"), context=context(tenant))
            report = await parts.verify(tenant)
            assert report.findings == []
            assert report.events == len(events) + 2
            with pytest.raises(NotFound):
                await whole(parts.files.read(tenant, uuid4()))


async def test_a_log_that_was_changed_before_its_backup_is_found(database_url: str, tmp_path: Path) -> None:
    async with deployment(database_url, tmp_path / "data") as parts:
        tenant = await shop(parts)
        await parts.store.save(started(), context=context(tenant))
        await parts.checkpoints.make(tenant)
        with psycopg.connect(database_url, autocommit=True) as superuser:
            change = "UPDATE retrace.events SET actor = 'key:other' WHERE tenant = %s AND seq = 2"
            superuser.execute(change, [tenant])
        await back_up(parts, tmp_path / "backup", tenant)
    status, findings = restore(tmp_path / "backup", tmp_path / "new")
    assert status == 1
    assert any(str(tenant) in finding and "2" in finding for finding in findings)


async def test_a_log_that_can_not_be_signed_is_copied_all_the_same(database_url: str, tmp_path: Path) -> None:
    async with deployment(database_url, tmp_path / "data") as parts:
        tenant = await shop(parts)
        signed = await parts.checkpoints.make(tenant)
        assert signed is not None
        with psycopg.connect(database_url, autocommit=True) as superuser:
            change = "UPDATE retrace.tiles SET hashes = sha256(hashes) WHERE tenant = %s"
            superuser.execute(change, [tenant])
        await parts.store.save(started(), context=context(tenant))
        made = await back_up(parts, tmp_path / "backup", tenant, doubtful=True)
    assert [mark.note for mark in made.tenants] == [signed.note]
    assert manifest.differences(tmp_path / "backup", made) == []


async def test_files_that_were_changed_in_a_backup_are_found_and_nothing_is_restored(
    database_url: str, tmp_path: Path
) -> None:
    folder = tmp_path / "backup"
    async with deployment(database_url, tmp_path / "data") as parts:
        tenant, document, gone = await shop(parts), uuid4(), uuid4()
        await parts.files.write(tenant, document, pieces(b"text"))
        await parts.files.write(tenant, gone, pieces(b"text"))
        made = await back_up(parts, folder, tenant)
        with pytest.raises(Invalid, match="is not empty"):
            await back_up(parts, folder, tenant)
    assert manifest.read(folder) == made
    assert manifest.differences(folder, made) == []
    content = bytearray((folder / "database.dump").read_bytes())
    content[-100] ^= 1
    (folder / "database.dump").write_bytes(content)
    (folder / "files" / str(tenant) / str(document)).write_bytes(b"other")
    (folder / "files" / str(tenant) / str(gone)).unlink()
    (folder / "more").symlink_to("/etc/hostname")
    status, findings = restore(folder, tmp_path / "new")
    assert status == 1
    for number, told in enumerate(
        [
            "database.dump was changed",
            f"files/{tenant}/{min(document, gone)}",
            f"files/{tenant}/{max(document, gone)}",
            "more is not in the manifest",
            "nothing was restored",
        ]
    ):
        assert findings[number].startswith(told)
    assert not (tmp_path / "new").exists()


async def test_a_dump_that_does_not_load_leaves_nothing_behind(database_url: str, tmp_path: Path) -> None:
    folder = tmp_path / "backup"
    async with deployment(database_url, tmp_path / "data") as parts:
        made = await back_up(parts, folder, await shop(parts))
    (folder / "database.dump").write_bytes(b"PGDMP no more")
    held = [manifest.held(folder, folder / "database.dump")]
    manifest.write(folder, msgspec.structs.replace(made, held=held))
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "master.key").write_text(TEXT)
    status, told = restore(folder, tmp_path / "new")
    assert (status, "pg_restore failed" in told) == (1, True)
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["master.key"]


async def test_a_log_that_was_cut_or_written_anew_does_not_hold_against_a_note_kept_elsewhere(
    database_url: str, tmp_path: Path
) -> None:
    async with deployment(database_url, tmp_path / "data") as parts:
        tenant, other = await shop(parts), await shop(parts)
        await parts.store.save(started(), context=context(tenant))
        signed, theirs = await parts.checkpoints.make(tenant), await parts.checkpoints.make(other)
        assert signed is not None
        assert theirs is not None
        key = await parts.checkpoints.verifier_key(tenant)
        places = {"database": parts.database, "checkpoints": parts.checkpoints}
        assert await check_note(signed.note, key, **places) == []
        assert "not the tenant's" in (await check_note(theirs.note, key, **places))[0]
        forged = signed.note.replace(f"\n{signed.size}\n", "\n2\n")
        assert "not signed" in (await check_note(forged, None, **places))[0]
        unknown = signed.note.replace(str(tenant), str(uuid4()))
        assert "not in the backup" in (await check_note(unknown, None, **places))[0]
        assert await check_note("nothing", None, **places) == ["a checkpoint names no tenant"]
        with psycopg.connect(database_url, autocommit=True) as superuser:
            superuser.execute(
                "UPDATE retrace.events SET hash = digest WHERE tenant = %s AND seq = 1", [tenant]
            )
            assert "not those that were signed" in (await check_note(signed.note, key, **places))[0]
            superuser.execute("DELETE FROM retrace.events WHERE tenant = %s AND seq > 3", [tenant])
            assert f"{signed.size} were signed" in (await check_note(signed.note, key, **places))[0]


async def test_the_master_keys_that_are_needed_are_named(database_url: str, tmp_path: Path) -> None:
    async with deployment(database_url, tmp_path / "data") as parts:
        made = await back_up(parts, tmp_path / "backup", await shop(parts))
    assert made.masters == [fingerprint(MASTER).hex()]
    empty = Settings(data=tmp_path / "new")
    with pytest.raises(Invalid, match=f"{fingerprint(MASTER).hex()} \\(none was given\\)"):
        check_master(made, empty)
    assert not (tmp_path / "new").exists()  # no key was made up
    other = Settings(data=tmp_path / "new", master_key=master_text(b"o" * 32))
    with pytest.raises(Invalid, match=f"given: {fingerprint(b'o' * 32).hex()}"):
        check_master(made, other)
    check_master(made, Settings(data=tmp_path / "new", master_key=master_text(b"o" * 32 + MASTER)))


def test_a_folder_in_use_is_not_written_to(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path)
    check_place(settings)
    (tmp_path / "master.key").write_text(TEXT)
    check_place(settings)
    (tmp_path / "postgres").mkdir()
    with pytest.raises(Invalid, match="is not empty; nothing was restored"):
        check_place(settings)


def test_a_folder_that_is_no_backup_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match=r"has no manifest\.json"):
        manifest.read(tmp_path)
    (tmp_path / "manifest.json").write_text("{}")
    with pytest.raises(Invalid, match="damaged"):
        manifest.read(tmp_path)


async def test_a_database_that_does_not_answer_is_told(tmp_path: Path) -> None:
    with pytest.raises(DumpFailed) as failed:
        await dump(f"postgresql://me:secret@/none?host={tmp_path}", tmp_path / "file")
    assert "secret" not in str(failed.value)
    assert not isinstance(failed.value, Unavailable)
