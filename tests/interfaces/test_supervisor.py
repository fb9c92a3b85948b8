"""`retrace up`: what dies is started again, and everything ends with the supervisor, however that ends."""

from __future__ import annotations

import errno
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx
import msgspec
import psutil
import psycopg
import pytest

from infra.embedded import Servers
from infra.embedded.process import FolderInUse
from infra.postgres.cell import Cell
from infra.settings import InvalidSettings, Secret, Settings
from interfaces import supervisor
from interfaces.listening import PortUnusable
from interfaces.processes import children, keeping
from interfaces.processes.keeping import NotReady, Tree
from interfaces.supervisor import tree, up
from tests.interfaces.roles import ROLE, stand_in
from tests.ports import free_port
from tests.until import until_now

SUPERVISOR = """
import json, sys
from pathlib import Path
from infra.settings import Settings
from interfaces.supervisor import up
settings = Settings(data=Path(sys.argv[1]), port=int(sys.argv[2]))
command = lambda role: (sys.executable, "-c", sys.argv[3], role)
def ready(tree):
    pids = {role: tree.pid_of(role) for role in ("serve", "worker")}
    print(json.dumps(pids | {"servers": [server.pid for server in tree._servers.ours]}), flush=True)
up(settings, lambda line: print(line, file=sys.stderr), ready, ("serve", "worker"), command)
"""


def running(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@pytest.fixture
def settings(servers: Servers, tmp_path: Path) -> Settings:
    """For roles beside the servers of the tests."""
    return Settings(
        data=tmp_path,
        port=free_port(),
        database_url=Secret(servers.database_url),
        redis_url=Secret(str(servers.redis_url)),
    )


@pytest.fixture
def started(tmp_path: Path) -> Any:
    """A supervisor in a process of its own with embedded servers; it, and the pids of all that it started."""
    process = subprocess.Popen(
        [sys.executable, "-c", SUPERVISOR, str(tmp_path), str(free_port()), ROLE],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    line = process.stdout.readline()
    pids = json.loads(line or pytest.fail(process.communicate()[1]))
    yield process, [pids["serve"], pids["worker"], *pids["servers"]]
    process.kill()
    process.communicate()


def test_a_role_that_dies_is_started_again_and_said_so(settings: Settings) -> None:
    said: list[str] = []
    with tree(settings, said.append, ("serve", "worker"), stand_in) as roles:
        roles.wait_ready()
        first = roles.pid_of("worker")
        os.kill(first, signal.SIGKILL)
        until_now(lambda: (roles.look(), roles.pid_of("worker") != first)[1])
        assert running(roles.pid_of("worker"))
        pids = [roles.pid_of(role) for role in ("serve", "worker")]
    assert len(said) == 1
    assert said[0].startswith("worker ended (SIGKILL) and is started again now; its log: ")
    assert not any(running(pid) for pid in pids)


def test_the_supervisor_tells_its_metrics_and_each_role_its_port(settings: Settings) -> None:
    # The roles' own ports follow it, and none of them may be the HTTP API's.
    port = next(
        port for port in iter(lambda: free_port(3), None) if settings.port not in range(port, port + 3)
    )
    settings = msgspec.structs.replace(settings, metrics_port=port)
    said: list[str] = []
    with tree(settings, said.append, ("serve", "worker"), stand_in) as roles:
        roles.wait_ready()
        os.kill(roles.pid_of("worker"), signal.SIGKILL)
        until_now(lambda: (roles.look(), len(said))[1] == 1)
        roles.look()
        told = httpx.get(f"http://127.0.0.1:{port + 2}/metrics", trust_env=False).text
        environment = psutil.Process(roles.pid_of("worker")).environ()
    assert 'retrace_role_up{role="serve"} 1.0' in told
    assert 'retrace_starts_total{name="worker"} 2.0' in told
    assert "retrace_disk_free_bytes " in told
    assert environment["RETRACE_METRICS_PORT"] == str(port)
    # The database was brought up to date before, so no role has a login that may do that.
    assert not Cell(environment["DATABASE_URL"], settings.master()).migrates
    with socket.create_server(("127.0.0.1", port + 2)), pytest.raises(PortUnusable) as refused:
        tree(settings, said.append, (), stand_in).__enter__()
    assert str(refused.value).startswith(
        f"port {port + 2} (metrics of the supervisor) is in use by another program"
    )
    assert str(refused.value).endswith("choose another port with RETRACE_METRICS_PORT")
    same = msgspec.structs.replace(settings, metrics_port=settings.port)
    with pytest.raises(PortUnusable, match="is RETRACE_PORT and the one for the metrics of the worker"):
        tree(same, said.append, ("worker",), stand_in).__enter__()


def test_a_role_that_keeps_dying_is_started_less_and_less_often(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "PAUSES", (0.0, 0.2, 100.0))
    said: list[str] = []
    began = time.monotonic()
    with tree(settings, said.append, ("worker",), lambda _: ("false",)) as roles:
        until_now(lambda: (roles.look(), len(said) == 3)[1])
        assert time.monotonic() - began >= 0.2
        last = roles.pid_of("worker")
        for _ in range(10):
            roles.look()
        assert roles.pid_of("worker") == last
    assert [line.split(" and ")[1].split(";")[0] for line in said] == [
        "is started again now",
        "is started again in 0 s",
        "is started again in 100 s",
    ]


def test_a_role_that_never_comes_up_ends_all_with_its_last_words(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "PAUSES", (0.0,))
    said: list[str] = []
    broken = "import sys; print('retrace: the worker has no hands', file=sys.stderr); sys.exit(3)"
    (settings.data / "logs").mkdir()
    (settings.data / "logs" / "worker.log").write_text("retrace: of another time\n")
    with (
        tree(settings, said.append, ("worker",), lambda _: (sys.executable, "-c", broken)) as roles,
        pytest.raises(NotReady) as ended,
    ):
        until_now(lambda: (roles.look(), False)[1])
    assert str(ended.value).startswith(
        f"the worker ended {keeping.TRIES} times at its start: the worker has no hands; see "
    )
    assert len(said) == keeping.TRIES - 1
    assert all("(status 3: the worker has no hands)" in line for line in said)


def test_a_role_that_never_comes_up_beside_an_http_role_that_answers_ends_nothing(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "PAUSES", (0.0,))
    said: list[str] = []

    def command(role: str) -> Sequence[str]:
        return stand_in(role) if role == "serve" else ("false",)

    with tree(settings, said.append, ("serve",), command) as roles:
        roles.wait_ready()
        roles.start("worker")
        until_now(lambda: (roles.look(), len(said) > keeping.TRIES)[1])
        assert running(roles.pid_of("serve"))
    assert all(line.startswith("worker ended (status 1) and is started again now") for line in said)


def test_a_role_that_is_killed_again_and_again_is_started_again_and_again(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "PAUSES", (0.0,))
    said: list[str] = []
    with tree(settings, said.append, ("worker",), stand_in) as roles:
        for times in range(1, keeping.TRIES + 3):
            os.kill(roles.pid_of("worker"), signal.SIGKILL)
            until_now(lambda times=times: (roles.look(), len(said) == times)[1])  # type: ignore[misc]


@pytest.mark.parametrize("whose", ["another program", "another Retrace"])
def test_a_port_in_use_is_told_at_once_with_who_has_it_and_nothing_is_started(
    settings: Settings, whose: str
) -> None:
    if whose == "another Retrace":
        here = msgspec.structs.replace(settings, data=settings.data / "theirs")
        with tree(here, print, ("serve",), stand_in) as theirs:
            theirs.wait_ready()
            with pytest.raises(PortUnusable) as refused:
                tree(settings, print, ("serve",), stand_in).__enter__()
            process = f"(process {theirs.pid_of('serve')}, "
            assert running(theirs.pid_of("serve"))
    else:
        # It takes connections, and never answers.
        with socket.create_server(("127.0.0.1", settings.port)), pytest.raises(PortUnusable) as refused:
            tree(settings, print, ("serve",), stand_in).__enter__()
        process = f"(process {os.getpid()}, "
    text = str(refused.value)
    assert text.startswith(f"port {settings.port} (the HTTP API) is in use by {whose} {process}")
    assert text.endswith("choose another port with --port or RETRACE_PORT")
    assert not (settings.data / "logs").exists()


def test_another_one_that_answers_on_our_port_is_not_taken_for_ours(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where somebody takes the port between the first look and the role's start."""
    here = msgspec.structs.replace(settings, data=settings.data / "theirs")
    with tree(here, print, ("serve",), stand_in) as theirs:
        theirs.wait_ready()
        monkeypatch.setattr(supervisor, "look_around", lambda *_: None)
        waiting = "import time; time.sleep(600)"
        monkeypatch.setattr(keeping, "READY", 0.5)
        with (
            tree(settings, print, ("serve",), lambda _: (sys.executable, "-c", waiting)) as ours,
            pytest.raises(NotReady, match="another Retrace answers there"),
        ):
            ours.wait_ready()


def test_a_folder_in_which_one_is_up_is_told_with_where_that_one_is(settings: Settings) -> None:
    with tree(settings, print, ("serve",), stand_in) as first:
        other = msgspec.structs.replace(settings, port=free_port())
        with pytest.raises(FolderInUse, match=f"up already in .*{first.url}, process {os.getpid()}; stop it"):
            tree(other, print, (), stand_in).__enter__()
    with tree(settings, print, (), stand_in):
        pass


def test_a_host_that_is_none_of_ours_is_told(settings: Settings) -> None:
    for host in ("no-such-host.invalid", "203.0.113.7"):
        away = msgspec.structs.replace(settings, host=host)
        with pytest.raises(PortUnusable, match=f"RETRACE_HOST {host} is no address"):
            tree(away, print, ("serve",), stand_in).__enter__()


def test_a_role_that_does_not_stop_is_killed(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keeping, "GRACE", 0.3)
    deaf = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(600)"
    with tree(settings, print, ("worker",), lambda _: (sys.executable, "-c", deaf)) as roles:
        until_now(lambda: "deaf" in roles.log_of("worker").read_text())
        pid = roles.pid_of("worker")
    assert not running(pid)


def test_an_http_role_that_ends_at_its_start_is_told_with_its_log(settings: Settings) -> None:
    with (
        tree(settings, print, ("serve",), lambda _: ("false",)) as roles,
        pytest.raises(NotReady, match=r"see .*serve\.log"),
    ):
        roles.wait_ready()


def test_up_tells_when_it_is_ready_and_stops_on_a_signal(settings: Settings) -> None:
    said: list[str] = []
    pids: list[int] = []

    def ready(roles: Tree) -> None:
        pids.extend(roles.pid_of(role) for role in ("serve", "worker"))
        os.kill(os.getpid(), signal.SIGTERM)

    before = signal.getsignal(signal.SIGTERM)
    up(settings, said.append, ready, ("serve", "worker"), stand_in)
    assert said == ["stopping"]
    assert len(pids) == 2
    assert not any(running(pid) for pid in pids)
    assert signal.getsignal(signal.SIGTERM) is before


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_roles_and_servers_cleanly(started: Any, number: signal.Signals) -> None:
    process, pids = started
    assert all(running(pid) for pid in pids)
    process.send_signal(number)
    assert process.wait(60) == 0
    assert not any(running(pid) for pid in pids)


def test_a_killed_supervisor_takes_all_roles_and_servers_along(started: Any) -> None:
    process, pids = started
    process.kill()
    until_now(lambda: not any(running(pid) for pid in pids))


def test_an_embedded_server_that_dies_is_started_again_under_the_same_url(
    started: Any, tmp_path: Path
) -> None:
    process, (_, _, postgres, _) = started
    url = f"postgresql://postgres@/retrace?host={tmp_path / 'postgres'}"
    os.kill(postgres, signal.SIGKILL)

    def answers() -> bool:
        try:
            with psycopg.connect(url) as connection:
                return connection.execute("SELECT 1").fetchone() == (1,)
        except psycopg.OperationalError:
            return False

    until_now(answers)
    process.terminate()
    assert "PostgreSQL had died and was started again" in process.communicate()[1]


def test_a_lost_master_key_is_not_replaced_under_a_database_that_needs_it(tmp_path: Path) -> None:
    (tmp_path / "postgres").mkdir()
    with pytest.raises(InvalidSettings, match="put it back"), tree(Settings(data=tmp_path), print):
        pass
    assert not (tmp_path / "master.key").exists()


def test_a_role_that_cannot_be_started_now_is_started_later(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "PAUSES", (0.0, 0.05))
    said: list[str] = []

    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with tree(settings, said.append, ("worker",), stand_in) as roles:
        first = roles.pid_of("worker")
        with monkeypatch.context() as patched:
            patched.setattr(children, "spawn", full)
            os.kill(first, signal.SIGKILL)
            until_now(lambda: (roles.look(), len(said) >= 2)[1])
        until_now(lambda: (roles.look(), roles.pid_of("worker") != first)[1])
    assert said[1] == "worker can't be started (No space left on device); tried again in 0 s"


def test_a_full_disk_is_said_once_and_so_is_its_end(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    with tree(settings, said.append, ("worker",), stand_in) as roles:
        for megabytes in (500, 3, 2, 100, 500, 500):
            monkeypatch.setattr(keeping, "room", lambda _, left=megabytes: left * 2**20)
            roles.look()
    assert len(said) == 2
    assert said[0].startswith(f"the disk is full: {settings.data} has 3 MB left; writes are refused")
    assert said[1] == f"there is room again: {settings.data} has 500 MB left"


def test_a_collector_that_is_not_spoken_to_is_refused_before_anything_is_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")
    settings = Settings(data=tmp_path / "data", port=free_port(), otlp_endpoint="http://127.0.0.1:4317")
    with pytest.raises(InvalidSettings, match="give http/protobuf"), tree(settings):
        pass
    assert not (tmp_path / "data").exists()
