"""PostgreSQL alone: pgbench inserts one row a transaction, with the columns of our log, the same bytes and one index."""

from __future__ import annotations

import re
import subprocess
import tempfile

import psycopg

from infra.embedded.postgres import BINARIES

TABLE = """
CREATE TABLE IF NOT EXISTS public.plain_events (
    tenant uuid NOT NULL, seq bigint GENERATED ALWAYS AS IDENTITY, stream uuid NOT NULL, version integer NOT NULL,
    topic text NOT NULL, recorded_at timestamptz NOT NULL, actor text NOT NULL, correlation uuid NOT NULL, causation uuid,
    payload bytea, digest bytea NOT NULL, hash bytea NOT NULL, PRIMARY KEY (tenant, seq))
"""

INSERT = """
INSERT INTO public.plain_events (tenant, stream, version, topic, recorded_at, actor, correlation, payload, digest, hash) VALUES
('0190a000-0000-7000-8000-000000000001', gen_random_uuid(), 1, 'conversation.message_received', now(), 'key_abc',
gen_random_uuid(), decode(repeat('ab', {size}), 'hex'), decode(repeat('ab', 32), 'hex'), decode(repeat('cd', 32), 'hex'));
"""


def inserts(url: str, clients: int, seconds: float, size: int) -> float:
    """Rows per second of so many clients; `size` is the payload's, in bytes."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(TABLE)
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as script:
        script.write(INSERT.format(size=size).replace("\n", " ").strip() + "\n")
        script.flush()
        options = ["-n", "-M", "prepared", "-c", str(clients), "-j", "2", "-T", str(max(1, round(seconds)))]
        command = [str(BINARIES / "pgbench"), *options, "-f", script.name, url]
        done = subprocess.run(command, capture_output=True, text=True, timeout=seconds + 60)
    if done.returncode:
        raise RuntimeError(f"pgbench failed: {done.stderr.strip()}")
    return float(re.findall(r"tps = ([\d.]+)", done.stdout)[-1])
