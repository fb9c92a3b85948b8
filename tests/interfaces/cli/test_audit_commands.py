from __future__ import annotations

import json
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest_asyncio

from tests.application.tills import Till
from tests.infra.log.parts import log_on
from tests.interfaces.conftest import Run


@pytest_asyncio.fixture(name="tenant")
async def _tenant(database_url: str) -> str:
    """With a conversation, which its log begins with."""
    async with log_on(database_url) as log:
        till = Till(log)
        await till.begin()
    return str(till.tenant)


def test_a_clean_log_is_said_to_be_so(run: Run, tenant: str) -> None:
    assert run("audit", "checkpoint", "--tenant", tenant).exit_code == 0
    for words in ((), ("--closely",)):
        found = run("audit", "verify", "--tenant", tenant, *words)
        assert (found.exit_code, "clean" in found.output) == (0, True), found.output


def test_what_was_changed_is_named(run: Run, tenant: str, database_url: str) -> None:
    with psycopg.connect(database_url, autocommit=True) as superuser:
        change = "UPDATE retrace.events SET actor = 'key:somebody-else' WHERE tenant = %s AND seq = 1"
        superuser.execute(change, [tenant])
    found = run("audit", "verify", "--tenant", tenant, "--json")
    assert found.exit_code == 1
    ((report,),) = (json.loads(found.output),)
    assert [(each["seq"], each["fault"]) for each in report["findings"]] == [(1, "context changed")]
    refused = run("audit", "checkpoint", "--tenant", tenant)
    assert refused.exit_code != 0
    assert "event 1 " in str(refused.exception)


def test_only_closely_it_is_seen_that_an_event_opens_no_more(
    run: Run, tenant: str, database_url: str
) -> None:
    assert run("audit", "checkpoint", "--tenant", tenant).exit_code == 0
    with psycopg.connect(database_url, autocommit=True) as superuser:
        stream = "SELECT stream FROM retrace.events WHERE tenant = %s AND seq = 1"
        lose = f"DELETE FROM retrace.subject_keys WHERE tenant = %s AND subject = ({stream})"
        assert superuser.execute(lose.encode(), [tenant, tenant]).rowcount == 1
    assert run("audit", "verify", "--tenant", tenant).exit_code == 0
    closely = run("audit", "verify", "--tenant", tenant, "--closely")
    assert (closely.exit_code, "forged" in closely.output) == (1, True), closely.output


def test_an_export_is_checked_offline_for_people_and_for_programs(
    run: Run, tenant: str, tmp_path: Path
) -> None:
    older = tmp_path / "older.txt"
    first = json.loads(run("audit", "checkpoint", "--tenant", tenant, "--json").output)
    older.write_text(first["note"])
    for _ in range(2):  # each is put on record, so the log grows
        made = json.loads(
            run("audit", "export", "--tenant", tenant, "--to", str(tmp_path / str(uuid4())), "--json").output
        )
    folder = Path(made["folder"])
    assert (made["tenant"], made["events"]) == (tenant, made["size"])
    assert made["size"] > first["size"]
    file, note = folder / "events.jsonl", str(folder / "checkpoint.txt")
    words = ("audit", "verify", str(file), "--checkpoint", note, "--key", made["key"], "--older", str(older))
    assert "clean" in run(*words).output
    found = json.loads(run(*words, "--json").output)
    assert (found["events"], found["findings"]) == (made["events"], [])
    # An older note that speaks of more than this one: the log was cut.
    cut = ("audit", "verify", str(file), "--checkpoint", str(older), "--key", made["key"], "--older", note)
    shown = run(*cut, "--json")
    assert shown.exit_code == 1, shown.output
    assert {each["fault"] for each in json.loads(shown.output)["findings"]} >= {"truncated"}
    file.write_text(file.read_text().replace('"version": 1', '"version": 7', 1))
    changed = run(*words, "--json")
    assert (changed.exit_code, json.loads(changed.output)["findings"] != []) == (1, True)


def test_what_does_not_go_together_is_bad_use(run: Run, tenant: str, tmp_path: Path) -> None:
    file = tmp_path / "events.jsonl"
    file.write_text("{}")
    with_file = ("audit", "verify", str(file), "--checkpoint", str(file), "--key", "k")
    for words in (
        ("audit", "verify", str(file)),
        ("audit", "verify", "--checkpoint", str(file)),
        ("audit", "verify", "--older", str(file), "--tenant", tenant),
        (*with_file, "--tenant", tenant),
        (*with_file, "--closely"),
        (*with_file, "--json"),  # it is no export
    ):
        assert run(*words).exit_code == 2, words


def test_a_stream_is_proved_and_nothing_stays_of_one_that_there_is_not(
    run: Run, tenant: str, tmp_path: Path
) -> None:
    size = json.loads(run("audit", "checkpoint", "--tenant", tenant, "--json").output)["size"]
    listed = [json.loads(line) for line in run("events", "--tenant", tenant, "--json").output.splitlines()]
    stream, folder = listed[0]["stream"], tmp_path / "proof"
    own = [each for each in listed if each["stream"] == stream]
    words = ("audit", "prove", stream, "--tenant", tenant, "--to", str(folder))
    assert f"the last ones are of {size}" in str(run(*words, "--since", "99999").exception)
    assert not folder.exists()
    made = json.loads(run(*words, "--since", str(size), "--json").output)
    assert made["events"] == len(own)  # the proof of consistency is no event
    strange = ("audit", "prove", f"conversation/{uuid4()}", "--tenant", tenant, "--to", str(tmp_path / "no"))
    assert run(*strange).exit_code != 0
    assert not (tmp_path / "no").exists()
