"""A Citus to try and to test with: a coordinator and workers on loopback, in the foreground. docs/citus.md says how to build one.

    python tools/citus.py --bin PG/bin --data FOLDER [--port 55400] [--workers 2] [--password WORD]

prints CITUS_URL once it answers. Without a password everybody on this machine may log in: nothing that matters belongs there. With one, which
is the superuser's, all who log in by TCP need theirs, nodes too (docs/citus.md).
Ctrl-C stops the servers; the same command starts them again.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import quote

import psycopg

HOST = "127.0.0.1"
SETTINGS = {
    "listen_addresses": HOST,
    "shared_preload_libraries": "citus",
    "max_connections": "300",
    "max_prepared_transactions": "300",
    "shared_buffers": "128MB",
    "max_wal_size": "2GB",
    "wal_level": "logical",  # what moves of shards need
    "jit": "off",
    "citus.node_conninfo": "sslmode=prefer",
    "citus.enable_statistics_collection": "off",
    "citus.stat_statements_track": "none",
}


KNOWN = "INSERT INTO pg_dist_authinfo (nodeid, rolename, authinfo) VALUES (0, 'postgres', %s) ON CONFLICT DO NOTHING"


def command(arguments: Sequence[str], user: str | None) -> list[str]:
    """PostgreSQL refuses to run as root."""
    return [*(["setpriv", "--reuid", user, "--clear-groups", "--"] if user else []), *arguments]


def make(bins: Path, data: Path, user: str | None, password: str | None) -> None:
    """A server's folder."""
    words = [str(bins / "initdb"), "-D", str(data), "-U", "postgres", "--auth=trust", "--no-sync"]
    words += ["--encoding=UTF8", "--locale=C", "--lc-ctype=C.UTF-8"]
    if password is None:
        subprocess.run(command(words, user), check=True, stdout=subprocess.DEVNULL)
        return
    with tempfile.NamedTemporaryFile() as file:  # initdb opens it as that user
        file.write(password.encode())
        file.flush()
        if user is not None:
            shutil.chown(file.name, user)
        words += ["--auth-host=scram-sha-256", f"--pwfile={file.name}"]
        subprocess.run(command(words, user), check=True, stdout=subprocess.DEVNULL)


def start(
    bins: Path,
    data: Path,
    port: int,
    user: str | None,
    fast: bool,
    more: Mapping[str, str] | None = None,
    password: str | None = None,
) -> subprocess.Popen[bytes]:
    """One server, made if it is not there yet. `more`: settings; `password`: the superuser's."""
    if not (data / "PG_VERSION").exists():
        make(bins, data, user, password)
    options = {
        **SETTINGS,
        "port": str(port),
        "unix_socket_directories": str(data),
        "citus.local_hostname": HOST,
        **(more or {}),
    }
    if fast:
        options["fsync"] = "off"
    words = [
        str(bins / "postgres"),
        "-D",
        str(data),
        *(f"-c{name}={value}" for name, value in options.items()),
    ]
    log = (data.parent / f"{data.name}.log").open("ab")
    return subprocess.Popen(command(words, user), stdout=log, stderr=log, start_new_session=True)


def url(port: int, database: str = "postgres", password: str | None = None) -> str:
    who = "postgres" if password is None else f"postgres:{quote(password, safe='')}"
    return f"postgresql://{who}@{HOST}:{port}/{database}"


def answers(
    port: int, process: subprocess.Popen[bytes], password: str | None = None, seconds: float = 60
) -> None:
    until = time.monotonic() + seconds
    while True:
        try:
            psycopg.connect(url(port, password=password), connect_timeout=5).close()
            return
        except psycopg.OperationalError as error:
            if process.poll() is not None or time.monotonic() > until:
                raise SystemExit(f"the server at port {port} does not start: {error}") from error
            time.sleep(0.2)


def provide(ports: Sequence[int], database: str, password: str | None = None) -> None:
    """A database of that name on each server, joined into one Citus. What is there stays."""
    for port in ports:
        with psycopg.connect(url(port, password=password), autocommit=True) as connection:
            if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database]).fetchone():
                connection.execute(f"CREATE DATABASE {database}".encode())
        with psycopg.connect(url(port, database, password), autocommit=True) as connection:
            # Asked first: where it is joined already, a node is told nothing but by its coordinator, not even to make what it has.
            known = {row[0] for row in connection.execute("SELECT extname FROM pg_extension").fetchall()}
            for extension in ("citus", "vector"):
                if extension not in known:
                    connection.execute(f"CREATE EXTENSION {extension}".encode())
            if password is not None:  # with which nodes act as the superuser on each other
                connection.execute(KNOWN, [f"password={password}"])
    with psycopg.connect(url(ports[0], database, password), autocommit=True) as connection:
        connection.execute("SELECT citus_set_coordinator_host(%s, %s)", [HOST, ports[0]])
        for port in ports[1:]:
            connection.execute("SELECT citus_add_node(%s, %s)", [HOST, port])


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--bin", type=Path, required=True, help="folder with initdb and postgres")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument(
        "--port", type=int, default=55400, help="the coordinator's; workers have those that follow"
    )
    parser.add_argument("--database", default="retrace")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--password", help="the superuser's, letters and digits: then all need theirs")
    parser.add_argument("--no-fsync", action="store_true", help="for tests")
    given = parser.parse_args()
    folder = given.data.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    user = None
    if os.geteuid() == 0:
        user = "postgres"
        shutil.chown(folder, user)
    ports = range(given.port, given.port + given.workers + 1)
    running = []
    try:
        for place, port in enumerate(ports):
            name = f"worker{place}" if place else "coordinator"
            running.append(start(given.bin, folder / name, port, user, given.no_fsync, None, given.password))
        for port, process in zip(ports, running, strict=True):
            answers(port, process, given.password)
        provide(ports, given.database, given.password)
        print(f"CITUS_URL={url(given.port, given.database, given.password)}", flush=True)
        signal.sigwait({signal.SIGINT, signal.SIGTERM})
    finally:
        for process in running:
            process.send_signal(signal.SIGINT)
        for process in running:
            process.wait()


if __name__ == "__main__":
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    sys.exit(main())
