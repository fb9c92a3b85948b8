"""A tenant goes to another deployment as a folder: all of it, for whom it was sealed alone, and nothing that was cut or changed."""

from __future__ import annotations

import functools
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from uuid import UUID, uuid4

import msgspec
import psycopg
import pytest
import pytest_asyncio

from application.ports import Unavailable
from domain.base.errors import Invalid, Moved, NotFound, Refused
from domain.conversations.conversation import Conversation
from infra.backup.manifest import held
from infra.moving import packing, parcel, tables, unpacking
from infra.moving.move import move
from infra.moving.parcel import Parcel
from infra.moving.proving import Prover
from infra.moving.receiver import receiver_key
from infra.moving.unpacking import NotProved
from tests.application.conftest import Shop
from tests.application.retrieval.uploads import found
from tests.contents import pieces
from tests.infra.log.parts import MASTER
from tests.infra.moving.conftest import OTHER
from tests.infra.moving.places import Place, contents, log_of, proved
from tests.infra.moving.shops import at, shop_at
from tests.until import until

FOR_THERE = receiver_key(OTHER)


async def pack(
    place: Place, tenant: UUID, folder: Path, named: str | None = None, receiver: str = FOR_THERE
) -> Parcel:
    async with place.side() as source:
        made, _ = await packing.pack(tenant, source, folder, receiver, place.parts.checkpoints, place=named)
    return made


def prover(place: Place) -> Prover:
    parts = place.parts
    return Prover(parts.database, parts.keyring, parts.checkpoints, parts.reader, place.projector)


async def unpack(
    place: Place,
    folder: Path,
    *,
    copy: bool = False,
    master: bytes = OTHER,
    prove: unpacking.Prove | None = None,
) -> Parcel:
    async with place.side() as target:
        return await unpacking.unpack(folder, target, master, prove or prover(place), copy=copy)


def rows(place: Place, tenant: UUID, table: str) -> list[tuple[object, ...]]:
    with psycopg.connect(str(place.parts.settings.database_url)) as superuser:
        query = f"SELECT t::text FROM retrace.{table} t WHERE tenant = %s ORDER BY 1"
        return superuser.execute(query.encode(), [tenant]).fetchall()


def nothing_left(place: Place, tenant: UUID) -> bool:
    named = (*tables.KEYS, *tables.CARRIED, tables.WORK, *tables.OF_THEIR_OWN)
    return (
        not any(rows(place, tenant, table) for table in named)
        and not (place.parts.settings.data / "files" / str(tenant)).exists()
        and not any(str(tenant) in key for key in (place.s3.objects if place.s3 else ()))
    )


@pytest_asyncio.fixture(name="shop")
async def _shop(here: Place) -> Shop:
    return (await shop_at(here))[0]


async def test_a_closed_tenant_goes_on_where_it_is_imported(
    here: Place, there: Place, shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tenant, folder = shop.context.tenant, tmp_path / "parcel"
    made = await pack(here, tenant, folder, "https://new.example")
    with pytest.raises(Unavailable):
        await shop.receive("Too late?", address="late")
    async with here.side() as source, there.side() as target:
        with pytest.raises(Refused, match="closed for an export"):
            await move(tenant, source, target)
    before = {table: rows(here, tenant, table) for table in (*tables.KEYS, *tables.CARRIED, "events")}
    shared = f"{tenant}/{uuid4()}"
    await there.parts.files.blobs.put(tenant, shared.partition("/")[2], pieces(b"another deployment's"))
    with pytest.raises(Refused, match="or a prefix in RETRACE_FILES, of its own"):
        await unpack(there, folder)
    assert there.s3 is not None
    assert [*there.s3.objects] == [f"retrace/{shared}"], "what is another's stays"
    there.s3.objects.clear()
    assert (await unpack(there, folder)).head == made.head
    assert await contents(there, tenant) == await contents(here, tenant) != {}
    assert {table: rows(there, tenant, table) for table in before} == before
    assert all(before[table] for table in ("subject_keys", "inbox", "checkpoints", "vectors", "postings"))
    assert await proved(there, tenant) == made.head
    assert [kind for kind, _ in await at(there, shop).owed() if kind == "answer"] == []
    assert await found(at(there, shop)) == ["The shop is open from nine to five."]
    assert (await at(there, shop).receive("When are you open?", address="anna", inbox="m-anna")).duplicate
    with pytest.raises(Refused, match="is here already"):
        await unpack(there, folder)
    async with here.side() as source:
        with monkeypatch.context() as patch:
            patch.setattr(packing, "sweep", cut_off)
            with pytest.raises(OSError, match="cut off"):
                await packing.hand_over(tenant, source)
        assert rows(here, tenant, "vectors")
        await packing.hand_over(tenant, source)
        with pytest.raises(Refused, match="handed over to https://new.example already"):
            await packing.hand_over(tenant, source)
    assert not rows(here, tenant, "vectors")
    with pytest.raises(Moved, match="https://new.example"):
        await shop.receive("Still here?", address="late")
    await at(there, shop).receive("Here?", address="late")
    await pack(there, tenant, tmp_path / "back", "https://old.example", receiver_key(MASTER))
    await here.parts.files.blobs.put(tenant, str(uuid4()), pieces(b"another deployment's"))
    with pytest.raises(Refused, match="or a prefix in RETRACE_FILES, of its own"):
        await unpack(here, tmp_path / "back", master=MASTER)


async def cut_off(*_: object, **__: object) -> None:
    raise OSError("cut off")


async def test_what_is_due_goes_along_and_an_export_can_be_taken_back(
    here: Place, there: Place, shop: Shop, tmp_path: Path
) -> None:
    tenant = shop.context.tenant
    await shop.receive("Will somebody answer this?", address="cleo")
    owed = await shop.owed()
    assert any(kind == "answer" for kind, _ in owed)
    await pack(here, tenant, tmp_path / "first", "elsewhere")
    async with here.side() as source:
        await packing.reopen(tenant, source)
        with pytest.raises(NotFound, match="not closed for an export"):
            await packing.reopen(tenant, source)
    assert await shop.owed() == owed
    with psycopg.connect(str(here.parts.settings.database_url)) as superuser:
        asleep = "SELECT count(*) FROM retrace.work WHERE tenant = %s AND wake_at > '9000-01-01'"
        assert superuser.execute(asleep, [tenant]).fetchone() == (0,)
    await shop.receive("And this?", address="dora")
    await pack(here, tenant, tmp_path / "second", "elsewhere")
    await unpack(there, tmp_path / "second")
    assert await at(there, shop).owed() >= await shop.owed() > owed
    messages = [
        each.event
        for each in await log_of(there, tenant)
        if isinstance(each.event, Conversation.MessageReceived)
    ]
    assert len(messages) == 4


async def test_a_copy_is_taken_where_it_is_asked_for_and_does_nothing_that_is_due_at_its_origin(
    here: Place, there: Place, shop: Shop, tmp_path: Path
) -> None:
    tenant = shop.context.tenant
    await shop.receive("Who answers this?", address="cleo")
    await pack(here, tenant, tmp_path / "parcel")
    await shop.receive("The tenant goes on.", address="dora")
    with pytest.raises(Refused, match="--copy"):
        await unpack(there, tmp_path / "parcel")
    await unpack(there, tmp_path / "parcel", copy=True)
    assert {kind for kind, _ in await at(there, shop).owed()} <= {"analyst_logins"}
    assert await proved(there, tenant) < await proved(here, tenant)


async def test_what_was_cut_or_changed_or_is_for_somebody_else_is_refused(
    here: Place, there: Place, shop: Shop, tmp_path: Path
) -> None:
    tenant, whole = shop.context.tenant, tmp_path / "whole"
    await pack(here, tenant, whole, "elsewhere")
    names = sorted(path.relative_to(whole).as_posix() for path in whole.rglob("*") if path.is_file())
    assert sum(name.startswith("files/") for name in names) == 1

    def put(name: str, content: bytes | None, folder: Path) -> None:
        (folder / name).unlink() if content is None else (folder / name).write_bytes(content)

    async def refused(change: Callable[[Path], object], text: str) -> None:
        broken = tmp_path / "broken"
        shutil.rmtree(broken, ignore_errors=True)
        shutil.copytree(whole, broken)
        change(broken)
        with pytest.raises(Invalid, match=text):
            await unpack(there, broken)

    for number, name in enumerate(names):
        content = (whole / name).read_bytes()
        middle = len(content) // 2
        flipped = content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]
        other = (flipped, content[:-1], content + b"x")[number % 3]
        await refused(functools.partial(put, name, other), "changed|damaged")
    for name in ("manifest.json", "manifest.note", "tables/events"):
        await refused(functools.partial(put, name, None), "is missing|has no manifest|can't be read")
    await refused(lambda folder: (folder / "more").write_text("x"), "is not in the manifest")
    with pytest.raises(Invalid, match="for another deployment"):
        await unpack(there, whole, master=MASTER)
    assert nothing_left(there, tenant)
    with pytest.raises(Invalid, match="no receiver's key"):
        await pack(here, tenant, tmp_path / "other", receiver="x" * 48)
    with pytest.raises(Refused, match="on its way"):
        await pack(here, tenant, tmp_path / "other")
    with pytest.raises(NotFound):
        await pack(here, uuid4(), tmp_path / "other")


async def test_a_manifest_that_another_key_signed_and_rows_of_another_tenant_are_not_kept(
    here: Place, there: Place, shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tenant, folder = shop.context.tenant, tmp_path / "parcel"
    other, _ = await shop_at(here)
    await pack(here, tenant, folder, "elsewhere")
    packed, _ = parcel.read(folder)
    signer, checkpoints = other.context.tenant, here.parts.checkpoints

    async def signed_by(by: UUID, changed: Parcel) -> None:
        key = await checkpoints.verifier_key(by)
        manifest = parcel.encoded(msgspec.structs.replace(changed, key=key))
        parcel.write(folder, manifest, await checkpoints.attest(by, parcel.statement(manifest)))

    await signed_by(signer, packed)
    with pytest.raises(NotProved, match="not signed with the tenant's own key"):
        await unpack(there, folder)
    assert nothing_left(there, tenant)
    await signed_by(tenant, msgspec.structs.replace(packed, tenant=uuid4()))
    with pytest.raises(Invalid, match="for another deployment"):  # its secret is bound to the tenant
        await unpack(there, folder)
    row = rows(there, other.context.tenant, "inbox")
    path = folder / "tables" / "inbox"
    await pack(here, signer, tmp_path / "theirs")
    path.write_bytes((tmp_path / "theirs" / "tables" / "inbox").read_bytes())
    held_now = [held(folder, folder / each.path) for each in packed.held]
    await signed_by(tenant, msgspec.structs.replace(packed, held=held_now))
    with pytest.raises(Invalid, match="such of another tenant"):
        await unpack(there, folder)
    assert rows(there, signer, "inbox") == row == []


async def test_an_import_that_is_killed_begins_anew_and_nobody_writes_before_it_is_whole(
    here: Place, there: Place, shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tenant, folder = shop.context.tenant, tmp_path / "parcel"
    made = await pack(here, tenant, folder, "elsewhere")

    class Killed(BaseException):
        """As by kill -9: nothing is tidied up."""

    async def killed(*_: object, **__: object) -> list[str]:
        raise Killed

    async def nothing(*_: object, **__: object) -> None:
        pass

    real = unpacking.sweep
    for step in ("put_keys", "Mirror", "prove"):
        with monkeypatch.context() as patch:
            calls = iter([real])  # what makes room before; what would tidy up after

            async def swept(*words: object, calls: object = calls, **more: object) -> None:
                await next(calls, nothing)(*words, **more)  # type: ignore[call-overload]

            patch.setattr(unpacking, "sweep", swept)
            if step == "Mirror":
                patch.setattr(unpacking, "Mirror", lambda *_: (_ for _ in ()).throw(Killed))
            elif step == "put_keys":
                patch.setattr(unpacking, "put_keys", killed)
            with pytest.raises(Killed):
                await unpack(there, folder, prove=killed if step == "prove" else None)
        with pytest.raises((Unavailable, NotFound)):
            await at(there, shop).receive("Here already?", address="early")
    await unpack(there, folder)
    assert await proved(there, tenant) == made.head

    async def received() -> bool:
        """That there is no such tenant is remembered for a moment."""
        with suppress(NotFound):
            await at(there, shop).receive("Here already?", address="early")
            return True
        return False

    await until(received)
