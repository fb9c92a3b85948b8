"""Where what is written goes, and what it is sealed with."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from uuid import UUID, uuid4

import psycopg
import pytest

from domain.base.errors import Invalid
from infra.settings import MAIN, load
from infra.storage.faults import FilesUnavailable
from interfaces.bootstrap import services
from interfaces.cli.named_cell import cell_of
from tests.contents import pieces
from tests.dated import CLOCK
from tests.doubles import vault
from tests.doubles.s3 import s3_double
from tests.interfaces.http.conftest import OPERATOR
from tests.interfaces.setting_effects.deployment import Deployment, Proof


async def database(deployment: Deployment) -> None:
    """What is written is there."""
    async with await psycopg.AsyncConnection.connect(deployment.environment["DATABASE_URL"]) as connection:
        query = "SELECT count(*) FROM retrace.events WHERE tenant = %s"
        row = await (await connection.execute(query, [deployment.tenant])).fetchone()
    assert row is not None
    assert row[0] > 0


async def cells(deployment: Deployment) -> None:
    """A command finds the cell of the tenant that it names; who names none has to say which one is meant (test_dispatch.py serves two)."""
    settings = load({**deployment.here, "RETRACE_CELLS": "west=postgresql://127.0.0.1:1/west"})
    name, found = await cell_of(settings, UUID(deployment.tenant))
    assert (name, found.database_url) == (MAIN, deployment.environment["DATABASE_URL"])
    with pytest.raises(Invalid, match="several databases"):
        await cell_of(settings, None)


async def replica_url(deployment: Deployment) -> None:
    """What is named is looked at, and not read from, as it is no standby (test_read_places.py has one)."""
    told = (await deployment.http.get("/metrics", headers={"Authorization": f"Bearer {OPERATOR}"})).text
    assert re.search(r'retrace_replica_used\{replica="postgresql://[^"]*"\} 0.0', told)


async def replica_lag(deployment: Deployment) -> None:
    settings = load({**deployment.here, "OTEL_EXPORTER_OTLP_ENDPOINT": ""}, deployment.log.parent)
    async with services(settings, role="serve") as parts:
        assert parts.replicas is not None
        (replica,) = parts.replicas.all
        replica.why, replica.known_until = "", time.monotonic() - 60
        assert replica.hindered == "it is 60 s behind, and may be 9"


async def redis(deployment: Deployment) -> None:
    shown = (await deployment.http.get("/readyz")).json()
    assert shown["redis"] == ("ok" if deployment.environment["REDIS_URL"] else "none")


async def data(deployment: Deployment) -> None:
    files = {"file": ("hours.txt", b"We open at nine.")}
    assert (await deployment.http.post("/v1/documents", files=files)).status_code == 201
    kept = Path(deployment.environment["RETRACE_DATA"]) / "files" / deployment.tenant
    assert len(list(kept.iterdir())) == 1


async def files(deployment: Deployment) -> None:
    """They lie in the bucket that is named, written with the keys that are given, and nowhere else."""
    async with s3_double() as s3:
        s3.token = "of-a-session"
        given = {**s3.environment, "AWS_SESSION_TOKEN": s3.token, "RETRACE_FILES": s3.url("shop")}
        tenant, document = UUID(deployment.tenant), uuid4()
        async with services(load({**deployment.here, **given}), pool=1) as parts:
            await parts.files.write(tenant, document, pieces(b"kept"))
            assert [*s3.objects] == [f"shop/{tenant}/{document}"]
        for name in given.keys() - {"RETRACE_FILES"}:
            async with services(load({**deployment.here, **given, name: "another"}), pool=1) as parts:
                with pytest.raises(FilesUnavailable):
                    await parts.files.write(tenant, document, pieces(b"other"))


async def master_key(deployment: Deployment) -> None:
    """With another one nothing opens."""
    other = {
        **deployment.environment,
        "RETRACE_MASTER_KEY": "QUJD" * 10 + "QUI=",
        "PATH": os.environ["PATH"],
        **CLOCK,
    }
    command = [sys.executable, "-m", "interfaces.cli", "show", f"tenant/{deployment.tenant}"]
    run = await asyncio.to_thread(subprocess.run, command, env=other, capture_output=True, text=True)
    assert run.returncode != 0
    assert "is wrapped with master key" in run.stderr


async def vault_opens(deployment: Deployment) -> None:
    """The deployment's master key is sealed by it: each of its processes has asked once, with this token for this key."""
    assert deployment.doubles["vault"].calls
    for call in deployment.doubles["vault"].calls:
        assert (call.path, call.fields["x-vault-token"]) == ("/v1/transit/decrypt/shop", vault.TOKEN)


PROOFS: dict[str, Proof] = {
    "DATABASE_URL": database,
    "DATABASE_REPLICA_URL": replica_url,
    "RETRACE_REPLICA_LAG": replica_lag,
    "REDIS_URL": redis,
    "RETRACE_CELLS": cells,
    "RETRACE_DATA": data,
    "RETRACE_FILES": files,
    "AWS_ACCESS_KEY_ID": files,
    "AWS_SECRET_ACCESS_KEY": files,
    "AWS_SESSION_TOKEN": files,
    "RETRACE_MASTER_KEY": master_key,
    "VAULT_ADDR": vault_opens,
    "VAULT_TOKEN": vault_opens,
    "RETRACE_VAULT_KEY": vault_opens,
}
