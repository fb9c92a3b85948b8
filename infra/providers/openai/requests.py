"""Requests as OpenAI's SDK makes them, sent by our client.

The SDK makes the head, once for a path: all requests have the same, and to make one takes it twice as long as all the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

import httpx2
import msgspec
import openai

from infra.outgoing.client import Outgoing, telling
from infra.providers.openai.reading import told

_encode = msgspec.json.Encoder().encode


class Requests:
    """To one `path` of a server, below its `base_url`."""

    def __init__(
        self, path: str, *, key: str | None, base_url: str, http: Outgoing, owner: UUID | None
    ) -> None:
        self._path, self._http = path, http
        self._head: httpx2.Request | None = None
        self._seen: list[httpx2.Request] = []
        # The environment may name an organisation: it is the deployment's, not a tenant's.
        nobodys: Any = {"OpenAI-Organization": openai.Omit(), "OpenAI-Project": openai.Omit()}
        self._sdk = openai.AsyncOpenAI(
            api_key=key or "none",  # the SDK wants one, many servers do not
            base_url=base_url,
            max_retries=0,
            timeout=None,  # it would tell the server; we wait as long as we want to
            http_client=httpx2.AsyncClient(transport=httpx2.MockTransport(self._see)),
            default_headers=nobodys if owner is not None else None,
        )

    async def send(
        self, body: Mapping[str, Any], sent: Callable[[], None], *, stream: bool = False
    ) -> httpx2.Response:
        """The response; with `stream` before its body. Raises ProviderError, httpx2.HTTPError."""
        head = self._head or await self._make_head()
        asked = httpx2.Request(
            head.method,
            head.url,
            headers=head.headers,
            stream=httpx2.ByteStream(_encode(body)),
            extensions=head.extensions,
        )
        with telling(sent):
            response = await self._http.send(asked, stream=stream)
        if not response.is_success:
            try:
                await response.aread()
            finally:
                await response.aclose()
            raise told(response)
        return response

    async def _make_head(self) -> httpx2.Request:
        await self._sdk.post(self._path, cast_to=httpx2.Response, content=b"{}")
        self._head = self._seen.pop()
        self._head.headers.pop("Content-Length", None)
        return self._head

    def _see(self, request: httpx2.Request) -> httpx2.Response:
        """What the SDK would send."""
        self._seen.append(request)
        return httpx2.Response(200)
