"""Roles as forks of one process that has loaded them all: each with its own output and environment, seen to as any child is, and gone with it."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from infra.embedded import Servers
from infra.settings import Secret, Settings
from interfaces import supervisor
from interfaces.processes.children import FORKS, Forked, Forker, NotLoaded
from interfaces.supervisor import tree
from tests.ports import free_port
from tests.until import until_now

pytestmark = pytest.mark.skipif(not FORKS, reason="roles are forked on Linux only")


def running(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


@pytest.fixture(scope="module", name="forker")
def _forker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forker]:
    forker = Forker(tmp_path_factory.mktemp("forker") / "roles.log", dict(os.environ))
    yield forker
    forker.close()


def test_a_role_has_its_own_output_and_environment_and_tells_how_it_ended(
    forker: Forker, tmp_path: Path
) -> None:
    helped = forker.start("--help", tmp_path / "helped.log", {**os.environ, "COLUMNS": "70"})
    refused = forker.start("worker", tmp_path / "refused.log", {"PATH": os.environ["PATH"]})
    assert (helped.wait(60), refused.wait(60)) == (0, 2)
    assert "every answer can be explained" in (tmp_path / "helped.log").read_text()
    assert "this role needs DATABASE_URL" in (tmp_path / "refused.log").read_text()
    assert (helped.poll(), helped.returncode) == (0, 0)
    helped.terminate()  # of one that has ended: nothing


def test_a_fork_server_that_does_not_come_up_is_told(tmp_path: Path) -> None:
    forker = Forker(tmp_path / "roles.log", {"PYTHONHOME": str(tmp_path)})
    with pytest.raises(NotLoaded, match=r"the roles can't be loaded; see .*roles\.log"):
        forker.start("worker", tmp_path / "worker.log", {})
    forker.close()


def test_a_role_and_the_fork_server_are_started_again_and_none_is_left(
    servers: Servers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor, "PAUSES", (0.0,))
    settings = Settings(
        data=tmp_path,
        port=free_port(),
        database_url=Secret(servers.database_url),
        redis_url=Secret(str(servers.redis_url)),
    )
    said: list[str] = []
    with tree(settings, said.append, ("projector",)) as roles:
        first = roles.pid_of("projector")
        server = psutil.Process(first).parent()
        assert server is not None
        assert server.ppid() == os.getpid()
        os.kill(first, signal.SIGKILL)
        until_now(lambda: (roles.look(), roles.pid_of("projector") != first)[1])
        second = roles.pid_of("projector")
        assert psutil.Process(second).ppid() == server.pid
        server.kill()
        until_now(lambda: (roles.look(), roles.pid_of("projector") != second)[1])
        assert not running(second)
        third = roles.pid_of("projector")
        assert psutil.Process(third).ppid() not in (server.pid, os.getpid())
    assert [line.partition(" and is")[0] for line in said] == [
        "projector ended (SIGKILL)",
        "projector ended (SIGTERM)",
    ]
    assert not any(map(running, (first, second, third)))


def test_a_role_that_does_not_end_is_waited_for_as_long_as_asked(forker: Forker, tmp_path: Path) -> None:
    role = forker.start("--help", tmp_path / "role.log", dict(os.environ))
    assert isinstance(role, Forked)
    os.kill(role.pid, signal.SIGSTOP)
    if role.poll() is None:  # it may have been faster
        with pytest.raises(subprocess.TimeoutExpired):
            role.wait(0.05)
    role.send_signal(signal.SIGKILL)
    assert role.wait(60) in (0, -signal.SIGKILL)
