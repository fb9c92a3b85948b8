"""Roles as forks of one process that has loaded them all: each with its own output and environment, a child of whoever started that one, which leaves."""

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
from interfaces.processes import keeping
from interfaces.processes.children import FORKS, Forker, NotLoaded, forker
from interfaces.supervisor import tree
from tests.ports import free_port
from tests.until import until_now

pytestmark = pytest.mark.skipif(not FORKS, reason="roles are forked on Linux only")


def running(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


@pytest.fixture(scope="module", name="there")
def _there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forker]:
    there = forker(tmp_path_factory.mktemp("forker") / "roles.log", dict(os.environ))
    assert there is not None
    yield there
    there.rest()


def test_a_role_has_its_own_output_and_environment_and_tells_how_it_ended(
    there: Forker, tmp_path: Path
) -> None:
    helped = there.start("--help", tmp_path / "helped.log", {**os.environ, "COLUMNS": "70"})
    refused = there.start("worker", tmp_path / "refused.log", {"PATH": os.environ["PATH"]})
    unwritten = there.start("worker", tmp_path / "no" / "such.log", {})
    assert [role.wait(60) for role in (helped, refused, unwritten)] == [0, 2, 1]
    assert "every answer can be explained" in (tmp_path / "helped.log").read_text()
    assert "this role needs DATABASE_URL" in (tmp_path / "refused.log").read_text()
    assert (helped.poll(), helped.returncode) == (0, 0)
    helped.terminate()  # of one that has ended: nothing


def test_a_fork_server_that_does_not_come_up_is_told(tmp_path: Path) -> None:
    broken = forker(tmp_path / "roles.log", {"PYTHONHOME": str(tmp_path)})
    assert broken is not None
    with pytest.raises(NotLoaded, match=r"the roles can't be loaded; see .*roles\.log"):
        broken.start("worker", tmp_path / "worker.log", {})


def test_the_fork_server_leaves_and_a_role_that_dies_then_is_started_again_all_the_same(
    servers: Servers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "PAUSES", (0.0,))
    settings = Settings(
        data=tmp_path,
        port=free_port(),
        database_url=Secret(servers.database_url),
        redis_url=Secret(str(servers.redis_url)),
    )
    said: list[str] = []
    with tree(settings, said.append, ("projector",)) as roles:
        first = roles.pid_of("projector")
        assert psutil.Process(first).ppid() == os.getpid()
        assert isinstance(roles._starter, Forker)
        server = roles._starter.handed[0]
        os.kill(first, signal.SIGKILL)
        until_now(lambda: (roles.look(), roles.pid_of("projector") != first)[1])
        second = roles.pid_of("projector")
        assert "fork_server" in str(psutil.Process(second).cmdline()), "it is a fork, too"
        roles.wait_ready()
        assert not running(server)
        assert running(second)
        os.kill(second, signal.SIGKILL)
        until_now(lambda: (roles.look(), roles.pid_of("projector") != second)[1])
        third = psutil.Process(roles.pid_of("projector"))
        assert (third.ppid(), third.cmdline()[-1]) == (os.getpid(), "projector")
    ended = "projector ended (SIGKILL)"
    assert [line.partition(" and is")[0] for line in said] == [ended, ended]
    assert not any(map(running, (first, second, third.pid)))


def test_a_role_that_does_not_end_is_waited_for_as_long_as_asked(there: Forker, tmp_path: Path) -> None:
    role = there.start("--help", tmp_path / "role.log", dict(os.environ))
    os.kill(role.pid, signal.SIGSTOP)
    if role.poll() is None:  # it may have been faster
        with pytest.raises(subprocess.TimeoutExpired):
            role.wait(0.05)
    role.send_signal(signal.SIGKILL)
    assert role.wait(60) in (0, -signal.SIGKILL)
