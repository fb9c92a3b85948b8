"""Whoever follows the docs on a new tenant gets what they say: each request in a fenced block, page by page, in its order."""

from __future__ import annotations

import re
from itertools import groupby
from typing import Any

import msgspec
import pytest

from interfaces.asgi import create_app
from interfaces.bootstrap import Services
from interfaces.http import EXAMPLES
from tests.fenced import Request, requests
from tests.interfaces.http.conftest import customer_of

FOLLOWED = "/v1/analytics/feed"


def is_whole(request: Request) -> bool:
    """Not with a part that is only known later, as the id of what was made before; nor what is followed without an end."""
    if request.path.startswith(FOLLOWED):
        return False
    return "{" not in request.path.replace("{flag}", "") and not {"…", "ID"} & set(
        re.findall("…|ID", request.body or "")
    )


WHOLE = filter(is_whole, requests())
PAGES = {page: list(each) for page, each in groupby(WHOLE, key=lambda request: request.page)}
LATER = {"/v1/flags/{flag}/rollout/confirm": "has not held yet"}
"""What the docs say comes after a time → the refusal before it."""


@pytest.fixture(scope="module")
def alone(parts: Services) -> Any:
    """The application by itself, made once: with a hundred routes that takes seconds. Nothing of one tenant's is another's."""
    return create_app(parts)


def test_requests_are_found_on_many_pages() -> None:
    assert len(PAGES) >= 6
    assert sum(map(len, PAGES.values())) >= 18
    assert sum(page.startswith("docs/guides/") for page in PAGES) >= 3


@pytest.mark.parametrize("page", PAGES)
async def test_each_request_of_a_page_is_answered_on_a_new_tenant(
    page: str, alone: Any, parts: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parts.action_caller, "_private", True)  # the pages' hosts are nobody's
    new = await customer_of(alone, parts, "New")
    async with new.http:
        for request in PAGES[page]:
            reply = await new.http.request(request.method, path_of(request), **content_of(request))
            if (refusal := LATER.get(request.path)) is not None:
                assert (reply.status_code, refusal in reply.text) == (422, True), reply.text
            else:
                assert reply.status_code in (200, 201, 202), (request, reply.text)


def path_of(request: Request) -> str:
    return request.path.replace("{flag}", "full_agent")


def content_of(request: Request) -> dict[str, Any]:
    """The body that stands there; of one that is told in words the description's example."""
    if request.path == "/v1/documents":
        return {"files": {"file": ("faq.txt", b"We are open from nine to five.")}}
    if request.body is not None:
        return {"json": msgspec.json.decode(request.body)}
    example = EXAMPLES.get((request.method.lower(), request.path))
    told = request.method == "PUT" or request.path == "/v1/experiments"
    return {"json": example} if told and example is not None else {}
