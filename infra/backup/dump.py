"""PostgreSQL's own dump and restore, with the binaries of the embedded server."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from application.ports import Fault
from infra.embedded.postgres import BINARIES


class DumpFailed(Fault):
    """pg_dump or pg_restore failed."""


async def dump(url: str, file: Path, snapshot: str | None = None) -> None:
    """The whole database as of one moment, while it runs. `url` is a superuser's, whom row-level security lets pass.

    `snapshot`: of `pg_export_snapshot()`, else now.
    """
    of = [f"--snapshot={snapshot}"] if snapshot else []
    # Most of it is ciphertext, which does not compress.
    # What `migrate` makes from the master key stays out.
    without = "--exclude-table-data=retrace.context_keys"
    await _run("pg_dump", url, "--format=custom", "--compress=1", f"--file={file}", without, *of)


async def load(url: str, file: Path) -> None:
    """Into an empty database whose roles are there; whole or not at all."""
    await _run("pg_restore", url, "--single-transaction", "--exit-on-error", str(file))


async def _run(program: str, url: str, *arguments: str) -> None:
    # The password goes by the environment: arguments can be seen by other users.
    facts = conninfo_to_dict(url)
    password = facts.pop("password", None)
    environment = {**os.environ, **({"PGPASSWORD": str(password)} if password else {})}
    target = f"--dbname={make_conninfo('', **facts)}"
    process = await asyncio.create_subprocess_exec(
        str(BINARIES / program),
        target,
        *arguments,
        env=environment,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        _, told = await process.communicate()
    finally:
        if process.returncode is None:  # we were cancelled
            process.kill()
            await process.wait()
    if process.returncode:
        raise DumpFailed(f"{program} failed: {told.decode(errors='replace').strip()[-1000:]}")
