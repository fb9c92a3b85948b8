"""Fetches images and files that a message names by address. Implements `application.ports.ContentSource`."""

from __future__ import annotations

import asyncio
from urllib.parse import urljoin, urlsplit

import httpx2

from domain.base.errors import Invalid
from infra.outgoing.client import ForbiddenAddress, Outgoing

LONGEST = 15.0
"""Seconds for a content, in all."""

STEPS = 3
"""How often an address may lead to another one."""

REDIRECTS = (301, 302, 303, 307, 308)
SILENCE = httpx2.Timeout(LONGEST, connect=5.0)


class HttpContentSource:
    """One per process. It sends nothing of the tenant's but the address itself. `private`: also from addresses in private networks, and without TLS."""

    def __init__(self, *, private: bool) -> None:
        self._private = private
        self._http = Outgoing(guarded=not private, kept=None)

    async def close(self) -> None:
        await self._http.aclose()

    async def fetch(self, url: str, place: str, *, most: int) -> bytes:
        try:
            async with asyncio.timeout(LONGEST):
                return await self._fetched(url, place, most)
        except ForbiddenAddress:
            raise _invalid(place, "its address lies in a private network; send it as a data URL") from None
        except (httpx2.TimeoutException, TimeoutError):
            raise _invalid(
                place, f"its address gave it not within {LONGEST:.0f} s; send it as a data URL"
            ) from None
        except (httpx2.HTTPError, httpx2.InvalidURL, ValueError) as error:
            text = f"its address could not be read ({type(error).__name__}); send it as a data URL"
            raise _invalid(place, text) from None

    async def _fetched(self, url: str, place: str, most: int) -> bytes:
        for _ in range(STEPS + 1):
            if urlsplit(url).scheme != "https" and not self._private:
                raise _invalid(place, "an address begins with https://; send it as a data URL else")
            request = httpx2.Request(
                "GET", url, headers={"user-agent": "Retrace/1"}, extensions={"timeout": SILENCE.as_dict()}
            )
            response = await self._http.send(request, stream=True)
            try:
                if response.status_code in REDIRECTS:
                    url = urljoin(url, response.headers.get("location", ""))
                    continue
                if response.status_code != 200:
                    raise _invalid(
                        place, f"its address answered {response.status_code}; send it as a data URL"
                    )
                return await _read(response, place, most)
            finally:
                await response.aclose()
        raise _invalid(place, "its address leads from one to the next without end; send it as a data URL")


async def _read(response: httpx2.Response, place: str, most: int) -> bytes:
    held = bytearray()
    async for piece in response.aiter_bytes():
        held += piece
        if len(held) > most:
            raise _invalid(place, f"it has more than {most // 2**20} MiB; send a smaller one")
    return bytes(held)


def _invalid(place: str, message: str) -> Invalid:
    return Invalid(f"{place}: {message}", errors=[{"field": f"$.{place}", "message": message}])
