"""LiteLLM's proxy with one worker, in a virtual environment of its own: its dependencies do not go with ours.

Configured as its documentation says for production, without a database: it routes, retries and prices, and keeps nothing.
Source: https://docs.litellm.ai/docs/proxy/prod
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from infra.embedded.process import end_all

WANTED = "litellm[proxy]"
HOME = Path(__file__).parents[2] / ".retrace-rivals" / "litellm"
KEY = "sk-bench-1234"
READY = 90.0
"""Seconds."""


def install() -> tuple[Path, str]:
    """Its command and its version; installed when it is not there yet."""
    uv = Path(sys.executable).with_name("uv")
    python = HOME / "bin" / "python"
    if not (HOME / "bin" / "litellm").exists():
        subprocess.run([uv, "venv", "-q", "--clear", "--python", sys.executable, HOME], check=True)
        subprocess.run([uv, "pip", "install", "-q", "--python", python, WANTED], check=True)
    ask = "import importlib.metadata as m; print(m.version('litellm'))"
    version = subprocess.run([python, "-c", ask], check=True, capture_output=True, text=True).stdout.strip()
    return HOME / "bin" / "litellm", version


@contextmanager
def proxy(command: Path, upstream: str, port: int, folder: Path, name: str) -> Iterator[dict[str, str]]:
    """Running, with the model `name` of the upstream; gives the headers that a request needs."""
    parameters = {"model": f"openai/{name}", "api_base": upstream, "api_key": "none"}
    model = {"model_name": name, "litellm_params": parameters}
    settings = {
        "model_list": [model],
        "litellm_settings": {"telemetry": False, "set_verbose": False, "json_logs": True},
        "general_settings": {"master_key": KEY},
    }
    config = folder / "litellm.json"  # JSON is YAML
    config.write_text(json.dumps(settings))
    quiet = {"LITELLM_LOG": "ERROR", "LITELLM_LOCAL_MODEL_COST_MAP": "True", "NO_COLOR": "1"}
    log = (folder / "litellm.log").open("wb")
    process = subprocess.Popen(
        [command, "--config", config, "--port", str(port), "--host", "127.0.0.1", "--num_workers", "1"],
        env={**os.environ, **quiet},
        stdout=log,
        stderr=subprocess.STDOUT,
    )
    try:
        _wait(process, port)
        yield {"Authorization": f"Bearer {KEY}"}
    finally:
        end_all([process], patience=10)
        log.close()


def _wait(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + READY
    while process.poll() is None and time.monotonic() < deadline:
        try:
            if httpx.get(f"http://127.0.0.1:{port}/health/liveliness", timeout=5).is_success:
                return
        except httpx.TransportError:
            time.sleep(0.2)
    raise RuntimeError("LiteLLM's proxy did not come up")
