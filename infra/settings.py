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
from urllib.parse import urlsplit

import msgspec

from infra.crypto.kms import KmsFailed, opened, sealed_by
from infra.server_urls import checked_database_url, checked_redis_url


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
    operator_key: Secret | None = None
    host: str = "127.0.0.1"
    port: int = 8080
    openai_api_key: Secret | None = None
    openai_base_url: str | None = None
    gemini_api_key: Secret | None = None
    gemini_base_url: str | None = None
    together_api_key: Secret | None = None
    together_base_url: str | None = None
    compatible_api_key: Secret | None = None
    compatible_base_url: str | None = None
    public_url: str | None = None
    twilio_base_url: str | None = None
    allow_private_addresses: bool = False
    log_level: str = "INFO"
    worker_concurrency: int = 256
    metrics_port: int | None = None
    removal_grace_days: int = 30
    max_connections: int = 2000
    header_timeout: int = 10
    silence_timeout: int = 30
    min_transfer_rate: int = 4096
    max_streams_per_key: int = 250
    max_streams_per_tenant: int = 500
    vault_addr: str | None = None
    vault_token: Secret | None = None
    vault_key: str = "transit/retrace"

    @property
    def public(self) -> str:
        """The address at which the outside reaches the HTTP API, without a slash at its end."""
        return (self.public_url or f"http://{self.host}:{self.port}").rstrip("/")

    @property
    def embedded(self) -> bool:
        """Whether the database is ours to run."""
        return self.database_url is None

    @property
    def master_file(self) -> Path:
        """Where the embedded mode keeps the master key."""
        return self.data / "master.key"

    def master(self) -> bytes:
        """The master keys, 32 bytes each, the current one first. The embedded mode makes one, readable by its user only.

        A new one is made for a new database only: with another key nothing could be read. Raises InvalidSettings.
        """
        if self.master_key is not None:
            return self._opened(self.master_key)
        if not self.master_file.exists():
            if self.embedded and (self.data / "postgres").exists():
                hint = "put it back from its backup, or give it as RETRACE_MASTER_KEY, or move the folder away to begin anew"
                error = f"{self.master_file} is gone, but the database beside it was written with it; {hint}"
                raise InvalidSettings([error])
            _make_key(self.master_file)
        try:
            return self._opened(self.master_file.read_text().strip())
        except ValueError:
            text = f"{self.master_file} is not base64 of 32 bytes, a line a key; put back the file it was"
            raise InvalidSettings([text]) from None

    @property
    def vault(self) -> tuple[str | None, str | None, str]:
        """Address, token and key of Vault's transit engine."""
        return self.vault_addr, self.vault_token, self.vault_key

    def _opened(self, text: str) -> bytes:
        """The keys of a text, one after the other. Raises ValueError, and InvalidSettings where a service does not open one."""
        found = b""
        for part in _parts(text):
            try:
                found += opened(part, self.vault) if sealed_by(part) else _key(part)
            except KmsFailed as error:
                raise InvalidSettings([f"a master key does not open: {error}"]) from None
        return found


def master_text(keys: bytes) -> Secret:
    """What `Settings.master` gave, as RETRACE_MASTER_KEY has it."""
    each = (keys[start : start + 32] for start in range(0, len(keys), 32))
    return Secret(",".join(base64.b64encode(key).decode() for key in each))


DESCRIPTIONS: dict[str, tuple[str, str]] = {
    "database_url": (
        "DATABASE_URL",
        "PostgreSQL 16 to 18 with pgvector, as postgresql://user:password@host/database or libpq's key=value; without it an embedded server runs below `data`",
    ),
    "redis_url": (
        "REDIS_URL",
        "Redis 6.2 or newer, or Valkey, as redis://:password@host:6379/0, with TLS rediss://; without it an embedded server runs below `data`",
    ),
    "data": ("RETRACE_DATA", "folder of the embedded servers, files and the embedded mode's master key"),
    "master_key": (
        "RETRACE_MASTER_KEY",
        "base64 of 32 random bytes, or such a key as a key management service has sealed it (vault:…); wraps the tenants' keys. Needed with DATABASE_URL. Several are separated by commas: the current one first, then retired ones",
    ),
    "operator_key": (
        "RETRACE_OPERATOR_KEY",
        "the operator's bearer key for /v1/tenants, 32 characters or more; without it tenants are made by `retrace tenant create`",
    ),
    "host": ("RETRACE_HOST", "address that the HTTP API listens on"),
    "port": ("RETRACE_PORT", "port that the HTTP API listens on"),
    "openai_api_key": ("OPENAI_API_KEY", "key of OpenAI or of an OpenAI-compatible server"),
    "openai_base_url": ("OPENAI_BASE_URL", "another OpenAI-compatible server, as http://127.0.0.1:8000/v1"),
    "gemini_api_key": ("GEMINI_API_KEY", "key of Google Gemini"),
    "gemini_base_url": ("GEMINI_BASE_URL", "another server that speaks Gemini's API"),
    "together_api_key": ("TOGETHER_API_KEY", "key of Together AI"),
    "together_base_url": ("TOGETHER_BASE_URL", "another server that speaks Together's API"),
    "compatible_api_key": (
        "COMPATIBLE_API_KEY",
        "key of the server at COMPATIBLE_BASE_URL, if it wants one",
    ),
    "compatible_base_url": (
        "COMPATIBLE_BASE_URL",
        "an OpenAI-compatible server beside OpenAI (vLLM, Ollama, llama.cpp …): the provider `compatible`",
    ),
    "public_url": (
        "RETRACE_PUBLIC_URL",
        "address at which the outside reaches the HTTP API, as https://service.example.com: what vendors sign their webhooks over, and are told to call; without it http://RETRACE_HOST:RETRACE_PORT",
    ),
    "twilio_base_url": (
        "TWILIO_BASE_URL",
        "another server that speaks Twilio's API, for all of its hosts",
    ),
    "allow_private_addresses": (
        "RETRACE_ALLOW_PRIVATE_ADDRESSES",
        "whether addresses that tenants give may lie in private networks; true where the database is embedded, else false",
    ),
    "log_level": ("RETRACE_LOG_LEVEL", "DEBUG, INFO, WARNING or ERROR"),
    "worker_concurrency": (
        "RETRACE_WORKER_CONCURRENCY",
        "pieces of work that one worker process does at once, 1 to 1000",
    ),
    "metrics_port": (
        "RETRACE_METRICS_PORT",
        "port on RETRACE_HOST at which a worker or projector tells its metrics; below `retrace up` the worker's, the next is the projector's, "
        "the one after the supervisor's. Without it only the HTTP API tells its own, at /metrics",
    ),
    "removal_grace_days": (
        "RETRACE_REMOVAL_GRACE_DAYS",
        "days for which a removed tenant can be restored, 1 to 3650; then it is erased",
    ),
    "max_connections": (
        "RETRACE_MAX_CONNECTIONS",
        "connections that one process of the HTTP API has at once, 10 to 100000; one more takes the place of one on which no request is under way. Three quarters of them may be streams",
    ),
    "header_timeout": (
        "RETRACE_HEADER_TIMEOUT",
        "seconds in which a request's line and headers must come, 1 to 600",
    ),
    "silence_timeout": (
        "RETRACE_SILENCE_TIMEOUT",
        "seconds in which something of a request's body must come, and in which a client must take something of its answer, 1 to 600",
    ),
    "min_transfer_rate": (
        "RETRACE_MIN_TRANSFER_RATE",
        "bytes that must come, or be taken, for each of those seconds, 1 to 1000000",
    ),
    "max_streams_per_key": (
        "RETRACE_MAX_STREAMS_PER_KEY",
        "streams (answers piece by piece, followers and exports of the log) that an API key may have open at once in one process, 1 to 100000; further ones are 429",
    ),
    "max_streams_per_tenant": (
        "RETRACE_MAX_STREAMS_PER_TENANT",
        "the same for all keys of a tenant",
    ),
    "vault_addr": (
        "VAULT_ADDR",
        "address of HashiCorp Vault (or OpenBao), where a master key is sealed by it, as https://vault.example.com:8200",
    ),
    "vault_token": ("VAULT_TOKEN", "its token; it may encrypt and decrypt with that key"),
    "vault_key": ("RETRACE_VAULT_KEY", "mount and name of the key of Vault's transit engine"),
}

NUMBERS = {
    "port": (1, 65535),
    "metrics_port": (1, 65533),
    "worker_concurrency": (1, 1000),
    "removal_grace_days": (1, 3650),
    "max_connections": (10, 100_000),
    "header_timeout": (1, 600),
    "silence_timeout": (1, 600),
    "min_transfer_rate": (1, 1_000_000),
    "max_streams_per_key": (1, 100_000),
    "max_streams_per_tenant": (1, 100_000),
}
LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")
SCHEMES = {
    "openai_base_url": ("http", "https"),
    "vault_addr": ("http", "https"),
    "gemini_base_url": ("http", "https"),
    "together_base_url": ("http", "https"),
    "compatible_base_url": ("http", "https"),
    "public_url": ("http", "https"),
    "twilio_base_url": ("http", "https"),
}
SERVERS = {"database_url": checked_database_url, "redis_url": checked_redis_url}
SECRETS = frozenset(
    {
        "database_url",
        "redis_url",
        "master_key",
        "operator_key",
        "vault_token",
        "openai_api_key",
        "gemini_api_key",
        "together_api_key",
        "compatible_api_key",
    }
)
TRUTH = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
NEW_KEY = "make one with: openssl rand -base64 32"


def load(environment: Mapping[str, str], folder: Path = Path()) -> Settings:
    """Settings from `environment`, which wins, and from `folder`/retrace.toml or the file that RETRACE_CONFIG names.

    A secret may lie in a file of its own, which the variable with `_FILE` behind its name names, as orchestrators hand secrets over.
    An empty variable counts as not set. Raises InvalidSettings.
    """
    errors: list[str] = []
    given = _from_file(environment, folder, errors)
    for name, (variable, _) in DESCRIPTIONS.items():
        if environment.get(variable):
            given[name] = (variable, environment[variable])
        elif name in SECRETS and environment.get(f"{variable}_FILE"):
            given |= _secret_file(name, f"{variable}_FILE", environment, errors)
    facts: dict[str, Any] = {}
    for name, (source, value) in given.items():
        try:
            facts[name] = _checked(name, value)
        except ValueError as error:
            errors.append(f"{source} {error}")
    if (
        "database_url" in given
        and "master_key" not in given
        and not environment.get("RETRACE_MASTER_KEY_FILE")
    ):
        errors.append(f"{given['database_url'][0]} needs RETRACE_MASTER_KEY as well; {NEW_KEY}")
    if errors:
        raise InvalidSettings(errors)
    facts.setdefault("allow_private_addresses", "database_url" not in facts)
    return Settings(**facts)


def environment_of(settings: Settings) -> dict[str, str]:
    """The variables from which `load` makes these settings again; for child processes. Holds the secrets."""
    values = {variable: getattr(settings, name) for name, (variable, _) in DESCRIPTIONS.items()}
    return {variable: str(value) for variable, value in values.items() if value is not None}


def _secret_file(
    name: str, variable: str, environment: Mapping[str, str], errors: list[str]
) -> dict[str, tuple[str, object]]:
    """Name → (where it stands, value)."""
    try:
        return {name: (variable, Path(environment[variable]).read_text(encoding="utf-8").strip())}
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        errors.append(f"{variable} names {environment[variable]}, which can't be read: {reason}")
        return {}


def _from_file(
    environment: Mapping[str, str], folder: Path, errors: list[str]
) -> dict[str, tuple[str, object]]:
    """Name → (where it stands, value)."""
    named = environment.get("RETRACE_CONFIG")
    file = folder / (named or "retrace.toml")
    if not named and not file.exists():
        return {}
    try:
        values = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        errors.append(f"{file} can't be read: {error.strerror}")
        return {}
    except ValueError as error:  # no TOML, or no UTF-8
        errors.append(f"{file} is no TOML: {error}")
        return {}
    for name in sorted(values.keys() - DESCRIPTIONS.keys()):
        errors.append(f"{name} in {file} is no setting; known are {', '.join(DESCRIPTIONS)}")
    return {name: (f"{name} in {file}", value) for name, value in values.items() if name in DESCRIPTIONS}


def _checked(name: str, value: object) -> object:
    """The field's value. Raises ValueError whose text goes on from the setting's name, and shows no secret."""
    if name in NUMBERS:
        low, high = NUMBERS[name]
        digits = str(value) if isinstance(value, (int, str)) and not isinstance(value, bool) else ""
        if not (digits.isascii() and digits.isdigit() and low <= int(digits) <= high):
            raise ValueError(f"is {value!r}; give a whole number from {low} to {high}")
        return int(digits)
    if name == "allow_private_addresses":
        if str(value).lower() not in TRUTH:
            raise ValueError(f"is {value!r}; give true or false")
        return TRUTH[str(value).lower()]
    if not isinstance(value, str) or not value:
        raise ValueError("must be a text")
    if name == "log_level" and value.upper() not in LEVELS:
        raise ValueError(f"is {value!r}; give one of {', '.join(LEVELS)}")
    if name in SERVERS:
        return Secret(SERVERS[name](value))
    if name in SCHEMES and not _has_scheme(value, SCHEMES[name]):
        raise ValueError(f"must begin with {' or '.join(f'{scheme}://' for scheme in SCHEMES[name])}")
    if name == "public_url" and not _plain(value):
        raise ValueError("has no user, query or fragment; give it as https://service.example.com")
    if name == "master_key":
        for part in _parts(value):
            if not sealed_by(part):
                _key(part)
    if name == "vault_key" and not all(value.rpartition("/")[::2]):
        raise ValueError(f"is {value!r}; give MOUNT/NAME, as transit/retrace")
    if name == "operator_key" and not (len(value) >= 32 and value.isascii() and value.isprintable()):
        raise ValueError("has 32 or more printable ASCII characters; make one with: openssl rand -hex 32")
    if name == "log_level":
        return value.upper()
    if name == "data":
        return Path(value).expanduser()
    return Secret(value) if name in SECRETS else value


def _has_scheme(url: str, schemes: tuple[str, ...]) -> bool:
    try:
        return urlsplit(url).scheme in schemes and "://" in url
    except ValueError:
        return False


def _plain(url: str) -> bool:
    parts = urlsplit(url)
    return bool(parts.hostname) and not (parts.username or parts.query or parts.fragment or url.endswith("?"))


def _parts(text: str) -> list[str]:
    """Keys with commas or line breaks between them."""
    return [part.strip() for part in text.replace("\n", ",").split(",")]


def _key(text: str) -> bytes:
    """A key in base64. Raises ValueError."""
    try:
        key = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != 32:
        raise ValueError(f"is not base64 of 32 bytes; {NEW_KEY}")
    return key


def _make_key(file: Path) -> None:
    """A new key, whole or not at all; where another process was quicker, its key stays."""
    file.parent.mkdir(parents=True, exist_ok=True)
    draft = file.with_name(f"{file.name}.{secrets.token_hex(8)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as output:
            output.write(base64.b64encode(secrets.token_bytes(32)) + b"\n")
            output.flush()
            os.fsync(output.fileno())
        os.link(draft, file)
    except FileExistsError:
        return
    finally:
        draft.unlink()
