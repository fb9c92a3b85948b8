"""The embedded Redis: a real server that keeps nothing on disk, and its absence where none is to be had."""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import time
from pathlib import Path

import pytest
import redis

import infra.embedded.redis
from infra.embedded import servers
from infra.embedded.redis import EmbeddedRedis


def test_it_answers_on_a_unix_socket_only_with_bounded_memory(tmp_path: Path) -> None:
    with EmbeddedRedis(tmp_path) as server:
        client = redis.Redis.from_url(server.url)
        client.set("word", "kept for now")
        assert client.get("word") == b"kept for now"
        facts = {
            name: client.config_get(name)[name] for name in ("port", "maxmemory", "maxmemory-policy", "save")
        }
        assert facts == {
            "port": "0",
            "maxmemory": str(128 * 2**20),
            "maxmemory-policy": "allkeys-lru",
            "save": "",
        }
        client.close()
    assert [file.name for file in tmp_path.iterdir()] == ["redis.log"]


def test_a_killed_server_is_started_again_empty(tmp_path: Path) -> None:
    with EmbeddedRedis(tmp_path) as server:
        client = redis.Redis.from_url(server.url)
        client.set("word", "lost")
        assert server.pid is not None
        os.kill(server.pid, signal.SIGKILL)
        while server.alive():
            time.sleep(0.005)
        server.start()
        assert client.get("word") is None
        client.close()


def test_a_server_that_outlived_its_parent_is_stopped(tmp_path: Path) -> None:
    orphan = EmbeddedRedis(tmp_path)
    orphan.start()
    with EmbeddedRedis(tmp_path) as server:
        assert server.alive()
        assert not orphan.alive()


def test_a_pid_file_that_names_some_other_process_harms_nobody(tmp_path: Path) -> None:
    (tmp_path / "redis.pid").write_text(f"{os.getpid()}\n")
    with EmbeddedRedis(tmp_path) as server:
        assert server.alive()


def test_without_any_redis_the_servers_come_up_without_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(infra.embedded.redis, "binary", lambda: None)
    with servers(tmp_path, database_url="postgresql://somewhere/else") as running:
        assert running.redis_url is None
        assert running.ensure() == []


def test_a_redis_from_the_path_serves_where_the_package_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(shutil, "which", lambda name: f"/usr/bin/{name}" if name == "valkey-server" else None)
    assert infra.embedded.redis.binary() == "/usr/bin/valkey-server"
    monkeypatch.setattr(shutil, "which", lambda name: None)
    assert infra.embedded.redis.binary() is None
