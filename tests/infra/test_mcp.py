"""Tools of an MCP server, the protocol's own package on loopback: whole as JSON, and as a stream of events."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import pytest
import uvicorn
from mcp.server import MCPServer
from mcp.server.mcpserver import Context

from application.ports import Outgo
from domain.actions.declaration import McpTool
from infra.outgoing.actions import HttpActionCaller
from infra.outgoing.mcp import KEY
from tests.doubles.wire import Call, Reply, Wire, serving


class Shop:
    def __init__(self) -> None:
        self.keys: list[str] = []


def server_of(shop: Shop) -> MCPServer:
    server = MCPServer("shop")

    @server.tool()
    async def order_status(order: str, ctx: Context) -> dict[str, str]:
        meta = ctx.request_context.meta
        shop.keys.append(dict(meta or {}).get(KEY, ""))  # type: ignore[call-overload]
        await ctx.report_progress(1, 2)
        return {"status": f"{order} is on its way"}

    @server.tool()
    def hours() -> str:
        return "nine to five"

    @server.tool()
    def breaks() -> str:
        raise ValueError("no such thing")

    @server.tool()
    async def hangs() -> str:
        await asyncio.sleep(30)
        return "late"

    return server


@asynccontextmanager
async def running(shop: Shop, **more: Any) -> AsyncIterator[str]:
    app = server_of(shop).streamable_http_app(**more)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        free.listen()
        served = uvicorn.Server(uvicorn.Config(app, log_level="error", timeout_graceful_shutdown=1))
        task = asyncio.create_task(served.serve(sockets=[free]))
        yield f"http://127.0.0.1:{free.getsockname()[1]}/mcp"
        served.should_exit = served.force_exit = True
        await task


def outgo(seconds: float = 10.0, **arguments: Any) -> Outgo:
    return Outgo(key="key-1", headers={}, body=b"", arguments=arguments, authorization=None, seconds=seconds)


@pytest.mark.parametrize("more", [{}, {"json_response": True}, {"stateless_http": True}])
async def test_a_tool_of_a_real_server_is_called(more: dict[str, Any]) -> None:
    shop, caller = Shop(), HttpActionCaller(private=True)
    async with running(shop, **more) as url:

        async def call(tool: str, **given: Any) -> Any:
            return await caller.call(McpTool(url=url, tool=tool), outgo(**given))

        found = await call("order_status", order="A-1")
        assert (found.outcome, msgspec.json.decode(found.result)) == ("done", {"status": "A-1 is on its way"})
        assert shop.keys == ["key-1"]
        assert b"nine to five" in (await call("hours")).result
        assert (await call("breaks")).outcome == "unknown"
        missing = await call("missing")
        assert missing.outcome in ("failed", "unknown")
        if not more:
            late = await call("hangs", seconds=0.4)
            assert (late.outcome, late.again) == ("unknown", True)
    gone = await caller.call(McpTool(url=url, tool="hours"), outgo())
    assert (gone.outcome, gone.again) == ("failed", True)
    await caller.close()


@pytest.mark.parametrize(
    ("body", "outcome"),
    [
        (b"<html>", "failed"),
        (b"[" * 100_000, "failed"),
        (b'{"jsonrpc": "2.0", "id": 1, "error": {"code": -32600}}', "failed"),
        (b'{"jsonrpc": "2.0", "id": 1, "result": {"protocolVersion": {"a": 1}}}', "unknown"),
        (b"x" * 300_000, "failed"),
    ],
)
async def test_what_is_no_mcp_server_does_nothing(body: bytes, outcome: str) -> None:
    """The last but one begins a session, and answers the call with nothing that belongs to it."""
    wire, caller = Wire(lambda call: Reply(body=body)), HttpActionCaller(private=True)
    async with serving(wire):
        target = McpTool(url=f"http://127.0.0.1:{wire.port}/mcp", tool="x")
        assert (await caller.call(target, outgo())).outcome == outcome
    await caller.close()


async def test_a_server_of_the_newest_revision_is_asked_without_a_session() -> None:
    def answer(call: Call) -> Reply:
        results = {
            "server/discover": {"supportedVersions": ["2026-07-28"], "capabilities": {}},
            "tools/call": {"resultType": "complete", "structuredContent": {"a": 1}},
        }
        if "asks" in str(call.body):
            results["tools/call"] = {"resultType": "input_required", "inputRequests": {}}
        body = {"jsonrpc": "2.0", "id": call.body["id"], "result": results[call.body["method"]]}
        return Reply(body=msgspec.json.encode(body))

    wire, caller = Wire(answer), HttpActionCaller(private=True)
    async with serving(wire):
        url = f"http://127.0.0.1:{wire.port}/mcp"
        found = await caller.call(McpTool(url=url, tool="Größe"), outgo())
        asks = await caller.call(McpTool(url=url, tool="asks"), outgo())
    assert (found.outcome, found.result) == ("done", b'{"a":1}')
    assert asks.outcome == "failed"
    discover, call, *_ = wire.calls
    meta = call.body["params"]["_meta"]
    assert meta["io.modelcontextprotocol/protocolVersion"] == "2026-07-28"
    assert meta[KEY] == "key-1"
    assert discover.fields["mcp-method"] == "server/discover"
    assert (call.fields["mcp-method"], call.fields["mcp-name"]) == ("tools/call", "=?base64?R3LDtsOfZQ==?=")
    assert "mcp-session-id" not in call.fields
    await caller.close()


async def test_the_session_is_kept_through_the_call_and_ended() -> None:
    def answer(call: Call) -> Reply:
        if call.method == "DELETE":
            return Reply(status=204, body=b"")
        body = {"jsonrpc": "2.0", "id": call.body.get("id"), "result": {"structuredContent": {"a": 1}}}
        fields = {"Mcp-Session-Id": "s-1"} if call.body["method"] == "initialize" else {}
        return Reply(body=msgspec.json.encode(body), fields=fields)

    wire, caller = Wire(answer), HttpActionCaller(private=True)
    async with serving(wire):
        target = McpTool(url=f"http://127.0.0.1:{wire.port}/mcp", tool="x")
        found = await caller.call(target, outgo())
    assert (found.outcome, found.result) == ("done", b'{"a":1}')
    sessions = [call.fields.get("mcp-session-id") for call in wire.calls]
    assert sessions == [None, None, "s-1", "s-1", "s-1"]  # what it speaks is asked first
    await caller.close()
