"""All of Retrace on each supported version of PostgreSQL that is to be had: it comes up, takes a document, answers, and verifies."""

from __future__ import annotations

import base64
import os
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.real_postgres import Binaries, found, serving

pytestmark = pytest.mark.soak
DOCUMENT = b"Our shop is open from nine to five.\n\nShipping costs four euros.\n"


@pytest.mark.parametrize(
    "binaries", [each for each in found() if each.vector and each.version >= 16], ids=str
)
def test_a_message_is_answered_on_each_version(binaries: Binaries, tmp_path: Path, share: float) -> None:
    if share < 1 and binaries.version != 16:
        pytest.skip("only the oldest one in a share")
    with serving(binaries) as server, socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
        probe.close()
        server.run("CREATE DATABASE shop")
        environment = {
            **os.environ,
            "DATABASE_URL": server.url("shop"),
            "RETRACE_MASTER_KEY": base64.b64encode(os.urandom(32)).decode(),
            "RETRACE_DATA": str(tmp_path),
            "RETRACE_PORT": str(port),
            "RETRACE_OPERATOR_KEY": "operator" * 5,
        }
        command = [sys.executable, "-m", "interfaces.cli"]
        with subprocess.Popen([*command, "up"], env=environment, stdout=subprocess.PIPE, text=True) as up:
            try:
                assert up.stdout is not None
                while "is up" not in (line := up.stdout.readline()):
                    assert line, "it ended"
                tenant = asked(port, environment["RETRACE_OPERATOR_KEY"])
                verified = [*command, "audit", "verify", "--tenant", tenant]
                assert subprocess.run(verified, env=environment, check=False).returncode == 0
            finally:
                up.terminate()


def asked(port: int, operator: str) -> str:
    """The tenant whose question was answered out of its document."""
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=120) as client:
        bearer = {"Authorization": f"Bearer {operator}"}
        made = client.post("/v1/tenants", json={"name": "Shop"}, headers=bearer).raise_for_status().json()
        client.headers["Authorization"] = f"Bearer {made['key']}"
        client.post("/v1/documents?wait=60", files={"file": ("faq.txt", DOCUMENT)}).raise_for_status()
        message = {
            "customer": {"channel": "http", "address": "anna"},
            "text": "What does shipping cost?",
            "wait": 60,
        }
        shown = client.post("/v1/messages", json=message).raise_for_status().json()
        assert shown["status"] == "answered"
        assert "four euros" in shown["answer"]
        return str(made["tenant"]) if "tenant" in made else str(made["id"])
