"""No input makes a 5xx: random methods, addresses, headers and bodies, made from the description's routes."""

from __future__ import annotations

import asyncio
import json
from typing import Any
from urllib.parse import quote
from uuid import UUID, uuid4

import httpx
import pytest
import pytest_asyncio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from interfaces.http import EXAMPLES
from interfaces.http.base import following as live
from tests.interfaces.http.conftest import OPERATOR, Customer

QUICK = settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

TEXTS = st.one_of(
    st.text(max_size=40),
    st.sampled_from(
        ["", "\u0000", "a\u0000b", "'", "%", "-1", "0", "1e999", "NaN", "null", "../..", "\ud7ff", "9" * 40]
        + ["2026-02-30", "0001-01-01", "9999-12-31", "9999-12-31T23:59:59-23:59", "x" * 9000, "true"]
        + ["http", "local/extractive", "audit:read", str(UUID(int=0)), str(uuid4())]
    ),
)
VALUES = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.sampled_from([-1, 0, 2**31, 2**63, 2**64, 10**40]),
        st.floats(allow_nan=False, allow_infinity=False),
        TEXTS,
        st.just("\ud800"),
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXTS, inner, max_size=3)),
    max_leaves=8,
)
HEADERS = st.dictionaries(
    st.sampled_from(
        [
            "Idempotency-Key",
            "Retrace-Position",
            "X-Request-ID",
            "X-Tenant-ID",
            "Authorization",
            "Content-Type",
        ]
        + ["Accept", "Content-Length-X", "Cookie", "Range", "Expect-X", "Content-Encoding", "Host"]
    ),
    st.one_of(
        st.sampled_from(
            ["", "1", "-1", "9" * 30, "Bearer x", "Basic eDp4", "application/json", "multipart/form-data"]
            + ["multipart/form-data; boundary=", "multipart/form-data; boundary=b", "text/plain; charset=x"]
            + [str(uuid4()), "\u00e9", "gzip", "bytes=0-1", "application/json; charset=utf-16", ";;;="]
        ),
        st.text(st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\u007f"), max_size=30),
    ),
    max_size=3,
)


@st.composite
def bodies(draw: st.DrawFn, usual: Any) -> bytes:
    """A body near to the usual one, or something else altogether."""
    kind = draw(st.sampled_from(["usual", "changed", "changed", "changed", "other", "raw", "none", "form"]))
    if kind == "usual":
        return json.dumps(usual).encode()
    if kind == "none":
        return b""
    if kind == "raw":
        return draw(st.binary(max_size=60))
    if kind == "form":
        head = draw(st.binary(max_size=40))
        return (
            b'--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n' + head + b"\r\n\r\n--b--"
        )
    if kind == "other" or not isinstance(usual, dict):
        return json.dumps(draw(VALUES)).encode()
    body = json.loads(json.dumps(usual))
    place: Any = body
    inner = [name for name, value in body.items() if isinstance(value, dict)]
    if inner and draw(st.booleans()):
        place = body[draw(st.sampled_from(inner))]
    name = draw(st.one_of(st.sampled_from([*place, *usual, "expires_at", "more"]), TEXTS))
    place[name] = draw(VALUES)
    text = json.dumps(body).encode()
    return text[: draw(st.integers(0, len(text)))] if draw(st.integers(0, 9)) == 0 else text


def requests(paths: dict[str, Any], ids: dict[str, str]) -> st.SearchStrategy[dict[str, Any]]:
    """Requests near to what the description tells; `ids` are put into addresses, or odd texts in their place."""

    @st.composite
    def one(draw: st.DrawFn) -> dict[str, Any]:
        path = draw(st.sampled_from(sorted(paths)))
        methods = sorted(paths[path])
        odd_methods = ["get", "post", "put", "patch", "delete", "head", "options"]
        method = draw(st.sampled_from(methods if draw(st.integers(0, 9)) else odd_methods))
        given: dict[str, Any] = paths[path].get(method, {})
        usual = EXAMPLES.get((method, path)) or draw(VALUES)
        for name, id in ids.items():
            odd = st.text(min_size=1, max_size=20)
            value = id if draw(st.integers(0, 3)) else draw(odd)
            path = path.replace(f"{{{name}}}", quote(value, safe=""))
        names = [p["name"] for p in given.get("parameters", ()) if p["in"] == "query"] + ["more"]
        query = draw(st.dictionaries(st.sampled_from(names), TEXTS, max_size=3))
        body = draw(bodies(usual)) if method != "get" else b""
        headers = {"Content-Type": "application/json", **draw(HEADERS)}
        return {"method": method.upper(), "url": path, "params": query, "content": body, "headers": headers}

    return one()


def check(reply: httpx.Response, request: dict[str, Any]) -> None:
    assert reply.status_code < 500, (request, reply.text)
    UUID(reply.headers["X-Request-ID"])
    if reply.status_code >= 400 and request.get("method") != "HEAD":
        assert reply.headers["Content-Type"] == "application/problem+json", request
        problem = reply.json()
        assert problem["type"].startswith("/problems/"), request
        assert problem["status"] == reply.status_code, request
        assert problem["title"], request
        assert problem["detail"], request
        assert "Traceback" not in reply.text


@pytest_asyncio.fixture(scope="module")
async def paths(ours: Customer) -> dict[str, Any]:
    found: dict[str, Any] = (await ours.http.get("/schema")).json()["paths"]
    return found


# The worker beside the application draws random numbers in its own thread.
@pytest.mark.filterwarnings("ignore:Do not use the `random` module")
@pytest.mark.parametrize("who", ["a tenant", "the operator", "nobody"])
async def test_no_input_makes_a_fault(
    ours: Customer,
    anyone: httpx.AsyncClient,
    paths: dict[str, Any],
    who: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(live, "LONGEST", 0.1)
    first = (await ours.ask("Hello?", address="fuzz")).json()
    made = await ours.http.post("/v1/documents", files={"file": ("a.txt", b"Fuzz.")})
    ids = {
        "interaction": first["id"],
        "conversation": first["conversation"],
        "document": made.json()["id"],
        "key": "0" * 12,
        "kind": "conversation",
        "flag": "full_agent",
        "provider": "together",
        "account": "AC" + "1" * 32,
        "media": str(uuid4()),
        "endpoint": str(uuid4()),
        "name": "answer",
        "id": first["conversation"],
        # A tenant that may be suspended and removed as the operator likes.
        "tenant": await _spare(anyone) if who == "the operator" else str(ours.tenant),
    }
    key = {"a tenant": {"X-Tenant-API-Key": ours.key}, "the operator": AS_OPERATOR, "nobody": {}}[who]
    loop = asyncio.get_running_loop()

    @(QUICK if who == "a tenant" else settings(QUICK, max_examples=40))
    @given(request=requests(paths, ids))
    def try_one(request: dict[str, Any]) -> None:
        headers = {name: value.encode("latin-1") for name, value in (request["headers"] | key).items()}
        sending = anyone.request(**{**request, "headers": headers})
        check(asyncio.run_coroutine_threadsafe(sending, loop).result(30), request)

    await asyncio.to_thread(try_one)


AS_OPERATOR = {"Authorization": f"Bearer {OPERATOR}"}


async def _spare(anyone: httpx.AsyncClient) -> str:
    made = await anyone.post("/v1/tenants", json={"name": "Spare"}, headers=AS_OPERATOR)
    return str(made.json()["id"])


async def test_odd_addresses_find_nothing(anyone: httpx.AsyncClient) -> None:
    for raw in (
        "//",
        "/v1//messages/../keys",
        "/%00",
        "/v1/interactions/%2e%2e",
        "/v1/keys/%ff",
        "/{x}",
        "/*",
    ):
        reply = await anyone.get(raw)
        check(reply, {"url": raw})
