"""One deployment for all proofs."""

from __future__ import annotations

import asyncio
import base64
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, suppress
from typing import Any

import httpx
import pytest
import pytest_asyncio

from infra.embedded import Servers
from infra.providers import PROVIDERS
from infra.providers.access import variable
from tests.dated import CLOCK
from tests.doubles import brave_search as brave
from tests.doubles import gemini, openai, vault
from tests.doubles import google_search as google
from tests.doubles.alerting import PagerDuty
from tests.doubles.collector import collector_double
from tests.doubles.smtp import mail_double
from tests.doubles.wire import Wire, serving
from tests.interfaces.http.conftest import MASTER, OPERATOR
from tests.interfaces.setting_effects.deployment import HOST, RATES, Deployment
from tests.ports import free_port


@pytest_asyncio.fixture(scope="module", name="deployment")
async def _deployment(
    servers: Servers, database_url: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Deployment]:
    folder = tmp_path_factory.mktemp("deployment")
    port = str(free_port())
    async with AsyncExitStack() as stack:
        doubles: dict[str, Any] = {}
        for name in PROVIDERS:
            made = gemini.gemini_double() if name in ("gemini", "vertex") else openai.openai_double()
            doubles[name] = await stack.enter_async_context(made)
        first_search = doubles["brave"] = await stack.enter_async_context(brave.brave_search_double())
        first_search.fault = (429, "QUOTA_LIMITED")
        searching = doubles["google"] = await stack.enter_async_context(google.google_search_double())
        mails = doubles["mails"] = await stack.enter_async_context(mail_double())
        duty = doubles["duty"] = Wire(PagerDuty())
        await stack.enter_async_context(serving(duty))
        collecting = doubles["collector"] = await stack.enter_async_context(collector_double())
        vaults = doubles["vault"] = await stack.enter_async_context(vault.vault_double())
        environment = {
            "DATABASE_URL": database_url,
            "DATABASE_REPLICA_URL": database_url,
            "RETRACE_REPLICA_LAG": "9",
            "REDIS_URL": servers.redis_url or "",
            "RETRACE_MASTER_KEY": vaults.seal(base64.b64decode(MASTER)),
            "VAULT_ADDR": vaults.url,
            "VAULT_TOKEN": vault.TOKEN,
            "RETRACE_VAULT_KEY": "transit/shop",
            "RETRACE_OPERATOR_KEY": OPERATOR,
            "RETRACE_DATA": str(folder / "data"),
            "RETRACE_HOST": HOST,
            "RETRACE_PORT": port,
            "RETRACE_LOG_LEVEL": "WARNING",
            "RETRACE_REMOVAL_GRACE_DAYS": "5",
            "RETRACE_EMBEDDING_MODEL": "local/wordllama-256",
            "RETRACE_VECTOR_INDEX_CHUNKS": "7000",
            "RETRACE_VECTOR_INDEX_RECALL": "98",
            "RETRACE_VECTOR_INDEXES": "7",
            "RETRACE_MAX_CONNECTIONS": "40",
            "RETRACE_HEADER_TIMEOUT": "2",
            "RETRACE_SILENCE_TIMEOUT": "2",
            "RETRACE_MIN_TRANSFER_RATE": "1",
            "RETRACE_MAX_STREAMS_PER_KEY": "2",
            "RETRACE_MAX_STREAMS_PER_TENANT": "3",
            **{f"RETRACE_RATE_{name.upper()}": str(rate) for name, rate in RATES.items()},
            "RETRACE_SMTP_URL": f"smtp://127.0.0.1:{mails.port}",
            "RETRACE_SMTP_FROM": "Retrace <alerts@retrace.example>",
            "PAGERDUTY_BASE_URL": f"http://127.0.0.1:{duty.port}",
            "RETRACE_ALERT_INTERVAL": "7",
            "RETRACE_ALLOW_PRIVATE_ADDRESSES": "true",
            **{variable(name, "api_key"): f"key-of-{name}" for name in PROVIDERS},
            **{variable(name, "base_url"): doubles[name].url("ok") for name in PROVIDERS},
            "RETRACE_RATE_SIGN_INS_PER_ACCOUNT": "3",
            "RETRACE_RATE_SIGN_INS_PER_ADDRESS": "7",
            "RETRACE_SESSION_IDLE_MINUTES": "7",
            "RETRACE_SESSION_HOURS": "3",
            "RETRACE_INVITATION_HOURS": "5",
            "RETRACE_PUBLIC_URL": "https://service.example/api",
            "RETRACE_CORS_ORIGINS": "https://app.example",
            "TWILIO_BASE_URL": "http://127.0.0.1:9/twilio",
            "OTEL_EXPORTER_OTLP_ENDPOINT": collecting.url,
            "OTEL_BSP_SCHEDULE_DELAY": "100",
            "RETRACE_TRACE_CONTENT": "true",
            "BRAVE_SEARCH_KEY": brave.KEY,
            "BRAVE_SEARCH_BASE_URL": first_search.url,
            "GOOGLE_SEARCH_KEY": google.KEY,
            "GOOGLE_SEARCH_ENGINE": google.ENGINE,
            "GOOGLE_SEARCH_BASE_URL": searching.url,
        }
        log = folder / "serve.log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "interfaces.cli", "serve"],
                env={**environment, "PATH": os.environ["PATH"], **CLOCK},
                stdout=output,
                stderr=output,
            )
        try:
            base = f"http://{HOST}:{port}"
            async with httpx.AsyncClient(base_url=base, timeout=60, trust_env=False) as http:
                async with asyncio.timeout(200):  # it has much to load
                    while True:
                        with suppress(httpx.TransportError):
                            if (await http.get("/readyz")).status_code == 200:
                                break
                        assert process.poll() is None, log.read_text()
                        await asyncio.sleep(0.1)
                bearer = {"Authorization": f"Bearer {OPERATOR}"}
                tenant = (await http.post("/v1/tenants", json={"name": "Effects"}, headers=bearer)).json()
                http.headers["Authorization"] = f"Bearer {tenant['key']}"
                yield Deployment(environment, http, tenant["id"], doubles, log)
        finally:
            process.kill()
            process.wait()
