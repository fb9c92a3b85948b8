"""The embedded PostgreSQL: whatever is killed, the next start has what was committed, and nothing stays behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from infra.embedded import postgres, servers
from infra.embedded.postgres import EmbeddedPostgres
from infra.embedded.process import FolderInUse, ServerFailed
from tests.infra.embedded.small_disk import run_on_small_disk
from tests.until import until_now

PARENT = """
import sys, time
from pathlib import Path
from infra.embedded import servers
with servers(Path(sys.argv[1])) as running:
    print(running.database_url, flush=True)
    time.sleep(600)
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """One data folder for the module: each test leaves it stopped, with all it had committed."""
    path = tmp_path_factory.mktemp("postgres")
    with EmbeddedPostgres(path) as server, psycopg.connect(server.url, autocommit=True) as connection:
        connection.execute("CREATE TABLE notes (text text)")
    yield path
    assert at_work_in(path) == []


def at_work_in(folder: Path) -> list[str]:
    found = []
    for process in psutil.process_iter():
        try:
            if process.status() != psutil.STATUS_ZOMBIE and process.cwd().startswith(str(folder)):
                found.append(f"{process.pid} {process.cmdline()}")
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return found


def write(url: str, text: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute("INSERT INTO notes VALUES (%s)", [text])


def notes(url: str) -> set[str]:
    with psycopg.connect(url) as connection:
        return {row[0] for row in connection.execute("SELECT text FROM notes")}


def kill(server: EmbeddedPostgres) -> None:
    assert server.pid is not None
    os.kill(server.pid, signal.SIGKILL)
    while server.alive():
        time.sleep(0.005)


def start_parent(folder: Path) -> tuple[subprocess.Popen[str], str]:
    """Another process that runs servers in the folder, and the URL of its database."""
    parent = subprocess.Popen([sys.executable, "-c", PARENT, str(folder)], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    return parent, parent.stdout.readline().strip()


def test_a_stopped_server_keeps_its_rows_and_leaves_no_process(folder: Path) -> None:
    with EmbeddedPostgres(folder) as server:
        write(server.url, "kept")
        server.restart()
        assert "kept" in notes(server.url)
    assert at_work_in(folder) == []
    assert not (folder / "postgres" / "postmaster.pid").exists()


def test_the_second_start_takes_less_than_a_second(folder: Path) -> None:
    took = [10.0]
    while min(took) >= 1 and len(took) < 10:  # on a machine that is busy with others
        began = time.perf_counter()
        with EmbeddedPostgres(folder):
            took.append(time.perf_counter() - began)
    assert min(took) < 1, took


def test_the_server_has_vectors_checksums_utf8_durable_commits_and_no_network(folder: Path) -> None:
    with EmbeddedPostgres(folder) as server, psycopg.connect(server.url) as connection:
        row = connection.execute("SELECT '[1,2]'::vector <-> '[1,3]', pg_encoding_to_char(6)").fetchone()
        assert row == (1.0, "UTF8")
        names = ("data_checksums", "server_encoding", "synchronous_commit", "fsync", "listen_addresses")
        values = [connection.execute("SELECT current_setting(%s)", [name]).fetchone() for name in names]
        assert [value[0] for value in values if value] == ["on", "UTF8", "on", "on", ""]


def test_a_killed_postmaster_loses_nothing_that_was_committed_though_a_session_runs_on(folder: Path) -> None:
    with EmbeddedPostgres(folder) as server:
        busy = psycopg.connect(server.url, autocommit=True)
        busy.pgconn.send_query(b"DO $$ BEGIN LOOP END LOOP; END $$")  # never looks whether its server lives
        write(server.url, "before the kill")
        kill(server)
        assert at_work_in(folder) != []
        server.start()
        busy.close()
        assert "before the kill" in notes(server.url)
    assert at_work_in(folder) == []


@pytest.mark.parametrize("named", ["ourselves", "a process of the server's user"])
def test_lock_files_that_name_some_other_living_process_do_not_keep_the_server_out(
    folder: Path, named: str
) -> None:
    user = "pgserver" if os.geteuid() == 0 else None
    other = subprocess.Popen(["sleep", "60"], user=user, cwd="/")
    try:
        server = EmbeddedPostgres(folder)
        server.start()
        lock, socket_lock = folder / "postgres" / "postmaster.pid", folder / "postgres" / ".s.PGSQL.5432.lock"
        lines = lock.read_text().split("\n", 1)[1]
        kill(server)
        server.stop()
        pid = os.getpid() if named == "ourselves" else other.pid
        for file in (lock, socket_lock):
            file.write_text(f"{pid}\n{lines}")
        with EmbeddedPostgres(folder) as again:
            assert notes(again.url) is not None
        assert other.poll() is None
    finally:
        other.kill()
        other.wait()


@pytest.mark.parametrize("content", ["", "nonsense\n", "99999999999999999999\n"])
def test_a_damaged_pid_file_does_not_keep_the_server_out(folder: Path, content: str) -> None:
    (folder / "postgres" / "postmaster.pid").write_text(content)
    with EmbeddedPostgres(folder) as server:
        assert server.alive()


def test_a_killed_parent_takes_its_servers_along_and_the_next_start_has_its_rows(folder: Path) -> None:
    parent, url = start_parent(folder)
    write(url, "by the killed parent")
    parent.kill()
    parent.wait()
    with servers(folder) as running:  # at once, while the old server may still be shutting down
        assert "by the killed parent" in notes(running.database_url)
    assert at_work_in(folder) == []


def test_servers_of_a_killed_parent_end_by_themselves(folder: Path) -> None:
    parent, _ = start_parent(folder)
    parent.kill()
    parent.wait()
    until_now(lambda: not at_work_in(folder))


def test_a_server_that_outlived_its_parent_is_stopped_and_its_rows_are_there(folder: Path) -> None:
    orphan = EmbeddedPostgres(folder)
    write(orphan.start(), "by the orphan")
    with EmbeddedPostgres(folder) as server:
        assert "by the orphan" in notes(server.url)
        assert not orphan.alive()


def test_a_folder_that_another_process_uses_is_refused_with_a_hint(folder: Path) -> None:
    parent, url = start_parent(folder)
    try:
        told = f"stop it, or choose another folder .* It is process {parent.pid}"
        with pytest.raises(FolderInUse, match=told), servers(folder):
            pass
        assert notes(url) is not None
    finally:
        parent.terminate()
        parent.wait()


def test_a_server_that_has_died_is_started_again_by_ensure(folder: Path) -> None:
    with servers(folder) as running:
        assert running.ensure() == []
        for server in running.ours:
            assert server.pid is not None
            os.kill(server.pid, signal.SIGKILL)
            while server.alive():
                time.sleep(0.005)
        assert running.ensure() == ["PostgreSQL", "Redis"]
        assert notes(running.database_url) is not None


def test_an_interrupted_initdb_is_begun_again(tmp_path: Path) -> None:
    half = tmp_path / "postgres.new"
    half.mkdir()
    (half / "PG_VERSION").write_text("18\n")
    with EmbeddedPostgres(tmp_path) as server:
        assert server.alive()


def test_a_long_or_strange_folder_gets_a_socket_elsewhere(tmp_path: Path) -> None:
    folder = tmp_path / ("päth, with spaces " + "x" * 90)
    with servers(folder) as running:
        with psycopg.connect(running.database_url) as connection:
            connection.execute("SELECT 1")
        sockets = Path(running.database_url.rsplit("=", 1)[1])
        assert sockets.stat().st_mode & 0o077 == 0
    assert not sockets.exists()
    assert at_work_in(folder) == []


def test_a_socket_folder_that_somebody_else_prepared_is_refused(tmp_path: Path) -> None:
    server = EmbeddedPostgres(tmp_path / ("x" * 90))
    sockets = Path(server.url.rsplit("=", 1)[1])
    sockets.symlink_to(tmp_path)
    try:
        with pytest.raises(PermissionError, match="is not ours"):
            server.start()
    finally:
        sockets.unlink()


def test_a_server_that_does_not_come_up_shows_the_end_of_its_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("infra.embedded.postgres.RETRIES", 0.0)
    (tmp_path / "postgres").mkdir()
    with pytest.raises(ServerFailed, match=r"did not come up; its log .*postgres\.log") as failed:
        EmbeddedPostgres(tmp_path).start()
    assert len(str(failed.value).splitlines()) > 1
    assert at_work_in(tmp_path) == []


def test_a_full_disk_refuses_writes_and_is_named_and_the_server_is_back_once_there_is_room(
    tmp_path: Path,
) -> None:
    assert run_on_small_disk("tests.infra.embedded.full_disk", tmp_path, 160) == "came back\n"


def test_a_new_database_knows_a_quote_from_a_letter(folder: Path) -> None:
    with EmbeddedPostgres(folder) as server, psycopg.connect(server.url) as connection:
        query = "SELECT datctype FROM pg_database WHERE datname = current_database()"
        assert connection.execute(query).fetchone() == ("C.UTF-8",)
        words = "SELECT tsvector_to_array(to_tsvector('simple', '„Lieferung“ Montag–Freitag'))"
        assert connection.execute(words).fetchone() == (["freitag", "lieferung", "montag"],)


def test_where_the_system_does_not_know_its_characters_it_is_made_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "CHARACTERS", ("xx_XX.UTF-8", "C"))
    with EmbeddedPostgres(tmp_path / "data") as server, psycopg.connect(server.url) as connection:
        query = "SELECT datctype FROM pg_database WHERE datname = current_database()"
        assert connection.execute(query).fetchone() == ("C",)
