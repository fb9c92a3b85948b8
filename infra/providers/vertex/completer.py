"""Gemini at Vertex AI, on Google's SDK: its own models, and those that a tenant has tuned there.

The key is a service account's (its key file in base64), or an API key of Vertex AI, which knows no tuned models. A tuned model is named
by its endpoint: projects/P/locations/L/endpoints/E, which says where it is asked.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from uuid import UUID

import httpx2
from google import genai
from google.genai import types
from google.oauth2.credentials import Credentials

from application.ports import Counter, ProviderError
from infra.outgoing.client import Outgoing
from infra.providers.faults import fault
from infra.providers.gemini.completer import GeminiCompleter, unused_client
from infra.providers.vertex.account import TOKENS, ServiceAccount, TokenRefused

VENDOR = "https://aiplatform.googleapis.com"
EVERYWHERE = "global"
"""Where models are asked that say nothing of it."""

_PLACED = re.compile(r"projects/([\w.:-]{1,60})/locations/([a-z0-9-]{1,40})/")


class VertexAccess:
    """Clients of one service account, by project and location, with a token that is good."""

    def __init__(self, account: ServiceAccount, base_url: str | None, http: Outgoing) -> None:
        self.account, self._base_url, self._http = account, base_url, http
        self._clients: dict[tuple[str, str], tuple[Any, Credentials]] = {}

    async def client(self, location: str, project: str | None = None) -> Any:
        """Raises TokenRefused, httpx2.HTTPError."""
        token, place = await self.account.token(), (project or self.account.project, location)
        if place not in self._clients:
            credentials = Credentials(token=token)  # type: ignore[no-untyped-call]
            made = genai.Client(
                vertexai=True,
                project=place[0],
                location=location,
                credentials=credentials,
                http_options=options_of(self._base_url, self._http),
            )
            self._clients[place] = made.aio, credentials
        client, credentials = self._clients[place]
        credentials.token = token
        return client


class VertexCompleter(GeminiCompleter):
    def __init__(
        self,
        *,
        name: str,
        key: str,
        base_url: str,
        http: Outgoing,
        counter: Counter,
        abilities: Callable[[str], frozenset[str]],
        owner: UUID | None = None,
        seconds: float = 30.0,
    ) -> None:
        elsewhere = None if base_url == VENDOR else base_url
        tokens = TOKENS if elsewhere is None else f"{elsewhere}/token"
        account = ServiceAccount.read(key, url=tokens, http=http)
        self._access = None if account is None else VertexAccess(account, elsewhere, http)
        super().__init__(
            name=name,
            key=key,
            base_url=base_url,
            http=http,
            counter=counter,
            abilities=abilities,
            owner=owner,
            seconds=seconds,
        )

    def _made(self, key: str, base_url: str, http: Outgoing) -> Any:
        """With an API key; who has an account is asked for with that."""
        if self._access is not None:
            return None
        return genai.Client(vertexai=True, api_key=key, http_options=options_of(base_url, http)).aio.models

    async def _models_for(self, model: str) -> Any:
        if self._access is None:
            return await super()._models_for(model)
        project, location = place_of(model) or (None, EVERYWHERE)
        try:
            return (await self._access.client(location, project)).models
        except TokenRefused as refused:
            status = 401 if refused.status in (400, 403) else refused.status
            raise fault(status, detail=f"Google gives no token (HTTP {refused.status})") from None
        except httpx2.InvalidURL:
            raise ProviderError("unavailable", "the address of tokens is none") from None


def options_of(base_url: str | None, http: Outgoing) -> types.HttpOptions:
    return types.HttpOptions(
        base_url=base_url, timeout=None, httpx_async_client=http, httpx_client=unused_client()
    )


def place_of(name: str) -> tuple[str, str] | None:
    """Project and location of a resource's name; None: it tells none."""
    found = _PLACED.match(name)
    return None if found is None else (found[1], found[2])
