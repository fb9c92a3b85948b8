"""Servers that are given and can't be used: `up` says so before it starts a role, or goes on without what it can do without."""

from __future__ import annotations

import asyncio
import base64
import sys
from pathlib import Path

import psycopg
import pytest
from click.testing import CliRunner
from psycopg.conninfo import make_conninfo

import infra.embedded.redis
from domain.base.errors import Invalid
from infra.embedded import Servers
from infra.postgres.faults import DatabaseUnusable
from infra.settings import Secret, Settings
from infra.storage.faults import FilesUnavailable
from infra.storage.probing import Probed, probed_apart
from interfaces import running
from interfaces.cli import cli
from interfaces.cli.base import deployment
from interfaces.processes.keeping import NO_REDIS
from interfaces.processes.noting import note
from interfaces.supervisor import tree
from tests.doubles.s3 import s3_double
from tests.infra.log.parts import MASTER
from tests.ports import free_port

KEY = Secret(base64.b64encode(MASTER).decode())


def said_by(settings: Settings) -> list[str]:
    """What is told by a tree without roles."""
    said: list[str] = []
    with tree(settings, said.append, ()):
        pass
    return said


def test_a_database_that_will_not_do_ends_it_before_any_role(database_url: str, tmp_path: Path) -> None:
    with psycopg.connect(database_url, autocommit=True) as superuser:
        superuser.execute("CREATE ROLE nobody_much LOGIN PASSWORD 'canary'")
    url = Secret(make_conninfo(database_url, user="nobody_much", password="canary"))
    settings = Settings(data=tmp_path, database_url=url, redis_url=None, master_key=KEY, port=free_port())
    with pytest.raises(
        DatabaseUnusable, match="the user nobody_much may not set .* up .*: make it the owner of the database"
    ):
        said_by(settings)
    assert not (tmp_path / "logs").exists()


def test_a_database_that_is_away_is_said_and_left_to_the_roles(tmp_path: Path, servers: Servers) -> None:
    port = free_port()
    url = Secret(f"postgresql://me:canary@127.0.0.1:{port}/shop")
    redis = Secret(f"redis://:canary@127.0.0.1:{port}/0")
    settings = Settings(data=tmp_path, database_url=url, redis_url=redis, master_key=KEY, port=free_port())
    assert said_by(settings) == [
        f"no PostgreSQL answers at postgresql://127.0.0.1:{port}/shop (connection refused): start it, or mend DATABASE_URL; "
        "the roles wait for it, 60 s",
        f"no Redis answers at redis://127.0.0.1:{port}/0 (connection refused): start it, or mend REDIS_URL; "
        "going on without caches and hints until then, a little slower",
    ]


def test_without_any_redis_it_says_what_to_install(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(infra.embedded.redis, "binary", lambda: None)
    settings = Settings(data=tmp_path, database_url=Secret(database_url), master_key=KEY, port=free_port())
    assert said_by(settings) == [NO_REDIS]
    assert "install redis-server or valkey-server and it is found, or set REDIS_URL" in NO_REDIS


async def test_a_bucket_that_will_not_do_ends_it_before_any_role(tmp_path: Path) -> None:
    async with s3_double() as s3:
        settings = Settings(
            data=tmp_path / "data",
            files=s3.url().replace("shop", "other"),
            aws_access_key_id=Secret(s3.environment["AWS_ACCESS_KEY_ID"]),
            aws_secret_access_key=Secret(s3.environment["AWS_SECRET_ACCESS_KEY"]),
            master_key=KEY,
            port=free_port(),
        )
        with pytest.raises(FilesUnavailable) as refused:
            await asyncio.to_thread(said_by, settings)
    assert "there is no such bucket: make it, or mend RETRACE_FILES" in refused.value.why
    assert not (tmp_path / "data" / "postgres").exists()


async def test_a_bucket_is_looked_at_from_a_data_folder_that_is_named_from_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    async with s3_double() as s3:
        settings = Settings(
            data=Path("near/data"),
            files=s3.url(),
            aws_access_key_id=Secret(s3.environment["AWS_ACCESS_KEY_ID"]),
            aws_secret_access_key=Secret(s3.environment["AWS_SECRET_ACCESS_KEY"]),
        )
        assert await asyncio.to_thread(probed_apart, settings) == Probed()
    assert (tmp_path / "near" / "data").exists()
    monkeypatch.setattr(sys, "executable", "/bin/false")
    found = probed_apart(settings)
    assert "could not be looked at (exit status 1): `retrace doctor` looks again" in (found.trouble or "")
    assert not found.lasting


def test_a_command_that_looks_for_files_elsewhere_than_the_roles_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    about = running.noted(
        url="",
        roles=(),
        database="",
        redis=None,
        master=MASTER,
        instance="",
        files="s3://shop/kept?region=eu-west-1&endpoint=http://minio",
    )
    note(tmp_path, about)
    environment = {"RETRACE_DATA": str(tmp_path), "RETRACE_FILES": None, "DATABASE_URL": None}
    for words in (["backup", str(tmp_path / "new")], ["tenant", "import", str(tmp_path)]):
        done = CliRunner().invoke(cli, words, env=environment)
        assert isinstance(done.exception, Invalid)
        assert "have files in s3://shop/kept" in done.exception.detail
    monkeypatch.setenv("DATABASE_URL", "postgresql://127.0.0.1:1/shop")
    monkeypatch.setenv("RETRACE_MASTER_KEY", str(KEY))
    with deployment(tmp_path):
        pass  # what has nothing to do with files
    monkeypatch.setenv("RETRACE_FILES", "s3://shop/kept/?endpoint=http://minio&region=eu-west-1")
    with deployment(tmp_path, files=True):
        pass  # the same bucket
