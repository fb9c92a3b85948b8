from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from uuid import UUID

import psycopg
import pytest
import pytest_asyncio
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from application.ports import Fault
from domain.audit.note import verify as opened
from domain.conversations.conversation import Conversation
from infra.audit.checkpoints import CanNotSign
from infra.audit.verify import Report, verify
from infra.crypto.erasing import SubjectEraser
from infra.crypto.keyring import Keyring
from infra.crypto.wrapping import MasterKeyMissing
from infra.postgres.database import Database
from tests.cells import cell
from tests.infra.audit.conftest import Audited, audited, tampered, try_tampering
from tests.infra.audit.tampering import TAMPERINGS
from tests.infra.log.parts import context, now


@pytest_asyncio.fixture
async def found(database_url: str) -> AsyncIterator[Audited]:
    async with audited(database_url) as found:
        yield found


async def test_a_clean_log_has_no_findings(found: Audited) -> None:
    await found.write(20)
    assert await found.sign() == 25
    await found.write(300, streams=40)
    assert await found.sign() == 365
    await found.write(3)
    report = await found.verify()
    assert (report.events, report.signed, report.checkpoints) == (371, 365, 2)
    assert report.findings == []


async def test_an_empty_log_is_clean_and_signs_nothing(found: Audited) -> None:
    assert await found.sign() == 0
    assert (await found.verify()).findings == []


async def test_no_false_alarm_while_writers_write(found: Audited) -> None:
    async def look() -> None:
        for _ in range(6):
            await found.sign()
            assert (await found.verify()).findings == []

    await asyncio.gather(look(), *(found.write(30) for _ in range(4)))
    await found.sign()
    assert (await found.verify()).findings == []


@pytest.mark.parametrize(
    "number", range(2 * len(TAMPERINGS)), ids=lambda n: TAMPERINGS[n % len(TAMPERINGS)].__name__
)
async def test_every_tampering_is_found_and_named(found: Audited, number: int) -> None:
    await found.write(30)
    await found.sign()
    await found.write(20)
    last = await found.sign()
    report, (numbers, faults) = await try_tampering(found, number, last, 1)
    assert any(f.seq in numbers and f.fault in faults for f in report.findings), (
        numbers,
        faults,
        report.findings,
    )
    assert (await found.verify()).findings == []


async def test_two_checkpoints_at_once_are_one(found: Audited) -> None:
    await found.write(10)
    assert await asyncio.gather(*(found.sign() for _ in range(5))) == [15] * 5
    assert len(await found.checkpoints.all(found.tenant)) == 1


async def test_a_checkpoint_is_a_note_that_its_key_has_signed(found: Audited) -> None:
    await found.write(10)
    signed = await found.checkpoints.make(found.tenant)
    assert signed is not None
    checkpoint = opened(signed.note, await found.checkpoints.verifier_key(found.tenant))
    assert (checkpoint.origin, checkpoint.size) == (f"retrace/{found.tenant}", 15)


async def test_a_changed_checkpoint_is_found(found: Audited) -> None:
    await found.write(10)
    await found.sign()
    with psycopg.connect(found.log.url, autocommit=True) as superuser:
        change = (
            "UPDATE retrace.checkpoints SET note = replace(note, E'\\n15\\n', E'\\n16\\n') WHERE tenant = %s"
        )
        superuser.execute(change, [found.tenant])
    assert [finding.fault for finding in (await found.verify()).findings] == ["signature"]
    await found.write(1)
    with pytest.raises(CanNotSign):
        await found.sign()
    assert issubclass(CanNotSign, Fault)


async def test_a_damaged_tree_is_told_apart_from_a_damaged_log_and_is_not_signed(found: Audited) -> None:
    await found.write(10)
    await found.sign()
    with psycopg.connect(found.log.url, autocommit=True) as superuser:
        change = "UPDATE retrace.tiles SET hashes = overlay(hashes PLACING '\\x00' FROM 40) WHERE tenant = %s"
        superuser.execute(change, [found.tenant])
    assert [finding.fault for finding in (await found.verify()).findings] == ["tree damaged"]
    await found.write(1)
    with pytest.raises(CanNotSign):
        await found.sign()


async def test_a_log_and_tree_that_were_both_changed_are_found(found: Audited) -> None:
    await found.write(10)
    last = await found.sign()
    with psycopg.connect(found.log.url, autocommit=True) as superuser:
        superuser.execute("DELETE FROM retrace.tiles WHERE tenant = %s", [found.tenant])
    report, _ = await try_tampering(found, [t.__name__ for t in TAMPERINGS].index("swapped"), last, 7)
    assert "rewritten" in {finding.fault for finding in report.findings}


async def test_an_erased_conversation_is_no_finding(found: Audited) -> None:
    await found.write(12, streams=2)
    await found.sign()
    async with found.log.database.tenant(found.tenant) as connection:
        row = await (await connection.execute("SELECT stream FROM events LIMIT 1")).fetchone()
    assert row is not None
    talk = await found.log.store.load(Conversation, row[0], tenant=found.tenant)
    talk.forget(now())
    await found.log.store.save(talk, context=context(found.tenant))
    async with Database(cell(found.log.url), role="retrace_eraser") as database:
        assert await SubjectEraser(database, found.log.keyring).erase(found.tenant, row[0]) == 7
    await found.sign()
    assert (await found.verify()).findings == []


@pytest.mark.parametrize("signs", [False, True])
async def test_a_conversation_that_is_erased_while_the_log_is_verified_or_signed_is_no_finding(
    found: Audited, monkeypatch: pytest.MonkeyPatch, signs: bool
) -> None:
    await found.write(12, streams=2)
    async with found.log.database.tenant(found.tenant) as connection:
        row = await (await connection.execute("SELECT stream FROM events LIMIT 1")).fetchone()
    assert row is not None
    talk = await found.log.store.load(Conversation, row[0], tenant=found.tenant)
    talk.forget(now())
    await found.log.store.save(talk, context=context(found.tenant))
    load, erased = found.log.keyring.load, []

    async def late(tenant: UUID, subjects: Iterable[UUID]) -> dict[UUID, AESGCM]:
        """The page has been read."""
        async with Database(cell(found.log.url), role="retrace_eraser") as database:
            erased.append(await SubjectEraser(database, found.log.keyring).erase(tenant, row[0]))
        return await load(tenant, subjects)

    await found.checkpoints.verifier_key(found.tenant)
    monkeypatch.setattr(found.log.keyring, "load", late)
    if signs:
        assert await found.sign() == 15
    else:
        assert (await found.verify()).findings == []
    assert erased[0] == 7


async def test_an_erased_event_whose_topic_is_changed_to_an_unknown_one_is_found(found: Audited) -> None:
    """It has no payload that would not open; and a name out of the database is never looked up among modules."""
    await found.write(6, streams=1)
    async with found.log.database.tenant(found.tenant) as connection:
        row = await (await connection.execute("SELECT stream FROM events LIMIT 1")).fetchone()
    assert row is not None
    talk = await found.log.store.load(Conversation, row[0], tenant=found.tenant)
    talk.forget(now())
    await found.log.store.save(talk, context=context(found.tenant))
    async with Database(cell(found.log.url), role="retrace_eraser") as database:
        await SubjectEraser(database, found.log.keyring).erase(found.tenant, row[0])
    await found.sign()
    with psycopg.connect(found.log.url, autocommit=True) as superuser:
        change = "UPDATE retrace.events SET topic = 'no.such:thing' WHERE tenant = %s AND seq = 3"
        superuser.execute(change, [found.tenant])
    faults = {(finding.seq, finding.fault) for finding in (await found.verify()).findings}
    assert (3, "payload missing") in faults


async def test_a_payload_that_is_cut_short_is_named(found: Audited) -> None:
    await found.write(6, streams=1)
    for length in (0, 10, 20, 28):
        with psycopg.connect(found.log.url, autocommit=True) as superuser:
            change = (
                "UPDATE retrace.events SET payload = substr(payload, 1, %s) WHERE tenant = %s AND seq = 3"
            )
            superuser.execute(change, [length, found.tenant])
        findings = (await found.verify()).findings
        assert [(finding.seq, finding.fault) for finding in findings] == [(3, "payload changed")]
        with pytest.raises(CanNotSign, match="event 3 "):
            await found.sign()


TIMES = ("infinity", "-infinity", "294276-12-31", "4713-01-01 BC", "9999-12-31")


@pytest.mark.parametrize(
    ("column", "value"),
    [
        *(("recorded_at", time) for time in TIMES),
        *((name, "x" * 100_000) for name in ("topic", "actor")),
        ("causation", str(UUID(int=0))),
    ],
)
async def test_what_nobody_could_have_written_is_named(found: Audited, column: str, value: str) -> None:
    await found.write(10)
    await found.sign()
    with psycopg.connect(found.log.url, autocommit=True) as db:
        query = f"UPDATE retrace.events SET {column} = %s WHERE tenant = %s AND seq = 4"
        db.execute(query.encode(), [value, found.tenant])
    assert [(f.seq, f.fault) for f in (await found.verify()).findings] == [(4, "context changed")]


async def test_an_event_before_the_first_is_found(found: Audited) -> None:
    await found.write(10)
    await found.sign()
    with psycopg.connect(found.log.url, autocommit=True) as db:
        query = (
            "INSERT INTO retrace.events SELECT tenant, -7, stream, version + 100, topic, recorded_at, actor, "
            "correlation, causation, payload, digest, hash FROM retrace.events WHERE tenant = %s AND seq = 4"
        )
        db.execute(query, [found.tenant])
    assert [(f.seq, f.fault) for f in (await found.verify()).findings] == [(-7, "inserted")]


@pytest.mark.parametrize("name", ["payload_and_all_hashes", "context_and_all_hashes", "inserted", "payload"])
async def test_what_was_not_written_here_is_not_signed(found: Audited, name: str) -> None:
    await found.write(6)
    assert await found.sign() == 11
    await found.write(6, streams=1)
    which = [each.__name__ for each in TAMPERINGS].index(name)
    for seed in range(100):  # until it meets one that is not signed yet
        async with tampered(found, which, 18, seed) as (seqs, _):
            if min(seqs) > 11:
                with pytest.raises(CanNotSign, match=f"event {min(seqs)} "):
                    await found.sign()
                assert len(await found.checkpoints.all(found.tenant)) == 1
                return
    raise AssertionError("it has met none")


async def test_under_a_checkpoint_the_keys_are_not_needed_but_closely_they_are(found: Audited) -> None:
    await found.write(6)
    await found.sign()
    alone = Keyring(found.log.database, bytes(32))  # with a master key of its own, it opens nothing

    async def look(closely: bool) -> Report:
        database, checkpoints = found.log.database, found.checkpoints
        return await verify(
            found.tenant, database=database, keyring=alone, checkpoints=checkpoints, closely=closely
        )

    assert (await look(False)).findings == []
    with pytest.raises(MasterKeyMissing):
        await look(True)
    await found.write(1)
    with pytest.raises(MasterKeyMissing):
        await look(False)
