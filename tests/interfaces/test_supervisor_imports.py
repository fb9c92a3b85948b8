"""What `retrace up` keeps in memory: hardly anything of its roles', and of theirs nothing that only commands, or vendors' SDKs, need."""

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


NOT_OF_ROLES = ("pydantic", "rich", "pygments", "httpx", "psutil", "aiosmtplib", "openai", "google")


def imported(code: str) -> set[str]:
    code = f"import json, sys\n{code}\nprint(json.dumps(sorted(sys.modules)))"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(json.loads(ran.stdout))


def test_the_supervisor_imports_nothing_that_only_its_roles_need() -> None:
    there = imported("import interfaces.processes.program")
    assert there.intersection(HEAVY) == set()
    assert len(there) < 150


def test_what_the_roles_are_forked_from_has_nothing_that_no_idle_role_needs() -> None:
    there = imported("from interfaces.processes import fork_server; fork_server.load()")
    assert there.intersection(NOT_OF_ROLES) == set()
    assert "litestar" in there
