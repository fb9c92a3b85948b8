"""`retrace up` as it is called: it becomes a small program that keeps real roles, and whatever is killed, nothing is left."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from infra.embedded import Servers
from infra.embedded.asking import Asked, NotAnswered
from interfaces.processes.children import FORKS
from interfaces.processes.noting import NAME
from interfaces.processes.plan import Plan, of_plain, plain
from tests.ports import free_port
from tests.until import until_now

ROLES = ("serve", "worker", "projector")


def role_of(process: psutil.Process) -> str:
    with (Path("/proc") / str(process.pid) / "comm").open() as file:
        return file.read().strip().removeprefix("retrace ")


@pytest.fixture(name="up")
def _up(tmp_path: Path, servers: Servers, database_url: str) -> Iterator[subprocess.Popen[str]]:
    environment = {
        **os.environ,
        "DATABASE_URL": database_url,
        "REDIS_URL": str(servers.redis_url),
        "RETRACE_MASTER_KEY": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
    }
    command = [
        sys.executable,
        "-m",
        "interfaces.cli",
        "up",
        "--data",
        str(tmp_path),
        "--port",
        str(free_port()),
    ]
    process = subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    yield process
    process.kill()
    process.communicate()


@pytest.mark.skipif(not FORKS, reason="roles are forked on Linux only")
def test_it_keeps_real_roles_by_next_to_nothing_and_takes_them_along(
    up: subprocess.Popen[str], tmp_path: Path
) -> None:
    assert up.stdout is not None
    said: list[str] = []
    until_now(lambda: (said.append(str(up.stdout and up.stdout.readline())), "is up: " in said[-1])[1])
    us = psutil.Process(up.pid)
    assert json.loads((tmp_path / NAME).read_text())["pid"] == up.pid
    assert us.memory_full_info().uss < 20 * 2**20, "it is another program than the command line"
    there = {role_of(child): child for child in us.children()}
    # The system keeps 15 letters of a name.
    assert there.keys() == {role[:7] for role in ROLES}, (
        "the fork server has left, and each role is a child of ours"
    )
    there["project"].kill()
    assert "projector ended (SIGKILL) and is started again now" in up.stdout.readline()
    until_now(lambda: len(us.children()) == len(ROLES))
    left = us.children(recursive=True)
    up.send_signal(signal.SIGKILL)
    until_now(lambda: not any(map(psutil.Process.is_running, left)))


def test_a_plan_is_handed_over_as_it_is_and_shows_no_secret(tmp_path: Path) -> None:
    plan = Plan(
        data=tmp_path,
        host="::",
        address=("::1", 8080),
        url="http://[::1]:8080",
        instance="1",
        roles=["serve"],
        environment={"RETRACE_MASTER_KEY": "canary"},
        own={"worker": {"RETRACE_METRICS_PORT": "1"}},
        database_url="postgresql://me:canary@db/x",
        redis_url=None,
        metrics_port=None,
        note="{}",
    )
    assert of_plain(json.loads(json.dumps(plain(plan)))) == plan
    assert "canary" not in f"{plan} {plan!r}"


def test_what_a_server_refuses_is_told_in_its_words(servers: Servers) -> None:
    sockets = Path(servers.database_url.rpartition("host=")[2])
    with pytest.raises(NotAnswered, match='database "nowhere" does not exist'):
        Asked(sockets, "nowhere")
    with pytest.raises(NotAnswered, match="No such file"):
        Asked(sockets / "none", "postgres")
    with Asked(sockets, "postgres") as session:
        with pytest.raises(NotAnswered, match='relation "nothing" does not exist'):
            session.rows("SELECT 1 FROM nothing")
        assert session.rows("SELECT generate_series(1, 3)") == 3
