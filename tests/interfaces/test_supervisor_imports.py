"""What `retrace up` keeps in memory beside its roles: hardly anything of theirs."""

from __future__ import annotations

import json
import subprocess
import sys

HEAVY = (
    "numpy",
    "redis",
    "sqlalchemy",
    "litestar",
    "openai",
    "google",
    "jinja2",
    "rapidfuzz",
    "domain",
    "application",
    "infra.settings",
    "psycopg",
    "psutil",
    "httpx",
    "msgspec",
    "click",
    "rich",
    "prometheus_client",
)


def test_the_supervisor_imports_nothing_that_only_its_roles_need() -> None:
    code = "import json, sys, interfaces.processes.program; print(json.dumps(sorted(sys.modules)))"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    there = set(json.loads(ran.stdout))
    assert there.intersection(HEAVY) == set()
    assert len(there) < 150
