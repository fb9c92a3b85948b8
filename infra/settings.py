"""Settings of a deployment: from the environment, else from `retrace.toml`, else the default. All errors are told at once."""

from __future__ import annotations

import base64
import binascii
import os
import secrets
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec


class InvalidSettings(Exception):
    """The settings can't be used."""

    def __init__(self, errors: list[str]) -> None:
        self.errors = errors
        super().__init__("these settings need mending:\n" + "\n".join(f"  - {error}" for error in errors))


class Secret(str):
    """A text that does not show itself in logs and tracebacks."""

    def __repr__(self) -> str:
        return "Secret(…)"


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """One field a setting; DESCRIPTIONS says what it is and under which name the environment has it."""

    database_url: Secret | None = None
    redis_url: Secret | None = None
    data: Path = Path(".retrace")
    master_key: Secret | None = None
    public_url: str | None = None
    host: str = "127.0.0.1"
    port: int = 8080
    openai_api_key: Secret | None = None
    openai_base_url: str | None = None
    log_level: str = "INFO"
    worker_concurrency: int = 16

    @property
    def embedded(self) -> bool:
        """Whether the database is ours to run."""
        return self.database_url is None

    def master(self) -> bytes:
        """The master key, 32 bytes. The embedded mode makes one, readable by its user only."""
        if self.master_key is not None:
            return base64.b64decode(self.master_key)
        file = self.data / "master.key"
        if not file.exists():
            self.data.mkdir(parents=True, exist_ok=True)
            handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "wb") as output:
                output.write(base64.b64encode(secrets.token_bytes(32)) + b"\n")
        return base64.b64decode(file.read_bytes().strip())


DESCRIPTIONS: dict[str, tuple[str, str]] = {
    "database_url": (
        "DATABASE_URL",
        "PostgreSQL with pgvector; without it an embedded server runs below `data`",
    ),
    "redis_url": ("REDIS_URL", "Redis; without it an embedded server runs below `data`"),
    "data": ("RETRACE_DATA", "folder of the embedded servers, files and the embedded mode's master key"),
    "master_key": (
        "RETRACE_MASTER_KEY",
        "base64 of 32 random bytes; wraps the tenants' keys. Needed with DATABASE_URL",
    ),
    "public_url": ("RETRACE_PUBLIC_URL", "the URL under which the outside reaches the HTTP API"),
    "host": ("RETRACE_HOST", "address that the HTTP API listens on"),
    "port": ("RETRACE_PORT", "port that the HTTP API listens on"),
    "openai_api_key": ("OPENAI_API_KEY", "key of OpenAI or of an OpenAI-compatible server"),
    "openai_base_url": ("OPENAI_BASE_URL", "another OpenAI-compatible server, as http://127.0.0.1:8000/v1"),
    "log_level": ("RETRACE_LOG_LEVEL", "DEBUG, INFO, WARNING or ERROR"),
    "worker_concurrency": (
        "RETRACE_WORKER_CONCURRENCY",
        "pieces of work that one worker process does at once",
    ),
}


def load(environment: Mapping[str, str], folder: Path = Path()) -> Settings:
    """Settings from `environment`, which wins, and from `folder`/retrace.toml. Raises InvalidSettings."""
    file = Path(environment.get("RETRACE_CONFIG", folder / "retrace.toml"))
    errors: list[str] = []
    values: dict[str, Any] = {}
    if file.exists():
        try:
            values = tomllib.loads(file.read_text())
        except tomllib.TOMLDecodeError as error:
            errors.append(f"{file}: {error}")
        unknown = values.keys() - DESCRIPTIONS.keys()
        errors += [
            f"{file}: {name} is no setting; known are {', '.join(DESCRIPTIONS)}" for name in sorted(unknown)
        ]
        values = {name: value for name, value in values.items() if name not in unknown}
    elif "RETRACE_CONFIG" in environment:
        errors.append(f"RETRACE_CONFIG names {file}, which does not exist")
    for name, (variable, _) in DESCRIPTIONS.items():
        if environment.get(variable):
            values[name] = environment[variable]
    return _checked(values, errors)


def _checked(values: dict[str, Any], errors: list[str]) -> Settings:
    defaults = Settings()
    facts: dict[str, Any] = {}
    for name, value in values.items():
        variable, default = DESCRIPTIONS[name][0], getattr(defaults, name)
        if isinstance(default, int):
            try:
                facts[name] = int(value)
            except (TypeError, ValueError):
                errors.append(f"{variable} is {value!r}; give a whole number")
        elif isinstance(default, Path):
            facts[name] = Path(value)
        elif not isinstance(value, str):
            errors.append(f"{variable} must be a text")
        else:
            facts[name] = (
                Secret(value)
                if name in ("database_url", "redis_url", "master_key", "openai_api_key")
                else value
            )
    if not 0 < facts.get("port", 1) < 65536:
        errors.append(f"RETRACE_PORT is {facts['port']}; give 1 to 65535")
    if not 0 < facts.get("worker_concurrency", 1) <= 1000:
        errors.append("RETRACE_WORKER_CONCURRENCY must lie between 1 and 1000")
    if facts.get("log_level", "INFO") not in ("DEBUG", "INFO", "WARNING", "ERROR"):
        errors.append("RETRACE_LOG_LEVEL is none of DEBUG, INFO, WARNING, ERROR")
    for name, schemes in (
        ("database_url", ("postgresql://", "postgres://")),
        ("redis_url", ("redis://", "rediss://", "unix://")),
    ):
        if name in facts and not str(facts[name]).startswith(schemes):
            errors.append(f"{DESCRIPTIONS[name][0]} must begin with {' or '.join(schemes)}")
    for name in ("openai_base_url", "public_url"):
        if name in facts and not str(facts[name]).startswith(("http://", "https://")):
            errors.append(f"{DESCRIPTIONS[name][0]} must begin with http:// or https://")
    if "master_key" in facts and not _is_key(facts["master_key"]):
        errors.append("RETRACE_MASTER_KEY is not base64 of 32 bytes; make one with: openssl rand -base64 32")
    if "database_url" in facts and "master_key" not in facts:
        errors.append("DATABASE_URL needs RETRACE_MASTER_KEY as well; make one with: openssl rand -base64 32")
    if errors:
        raise InvalidSettings(errors)
    return Settings(**facts)


def _is_key(text: str) -> bool:
    try:
        return len(base64.b64decode(text, validate=True)) == 32
    except (binascii.Error, ValueError):
        return False
