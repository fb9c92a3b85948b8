#!/usr/bin/env bash
# Litestar 2.25.0: the OpenAPI description is turned into a dictionary by whoever asks for it first, at once, on the event loop, and that
# is encoded to JSON anew for each request. Nothing of it is done when the application starts, where one would expect it.
# Why it matters: with 80 routes all other requests of the process stand still for a tenth of a second or more, for somebody who needs no
# key. A watchdog of the loop names the middleware that called on. Ask for it once at the start (`app.plugins.get(OpenAPIPlugin)
# .provide_openapi_schema()`, which is no public module), and give bytes out from a render plugin of your own.
# Seen: "request 1: {'objects': 2244, 'encodings': 1} 216 ms", "request 2: {'objects': 0, 'encodings': 1} 2 ms", and no object at the start.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check litestar==2.25.0 httpx==0.28.1 2>"$folder/pip.log" || { cat "$folder/pip.log"; exit 2; }
"$folder/venv/bin/python" - <<'PYTHON'
import asyncio
import sys
import time
from importlib.metadata import version

import httpx
import msgspec
from litestar import Litestar, post
from litestar.openapi import OpenAPIConfig, plugins
from litestar.openapi.spec.base import BaseSchemaObject

counts = {"objects": 0, "encodings": 0}

def counting(what, call):
    def counted(*given, **named):
        counts[what] += 1
        return call(*given, **named)
    return counted

BaseSchemaObject.to_schema = counting("objects", BaseSchemaObject.to_schema)
plugins.encode_json = counting("encodings", plugins.encode_json)

def route(number):
    body = msgspec.defstruct(f"Body{number}", [(f"field_{n}", str) for n in range(12)])
    async def handler(data: body) -> body:
        return data
    return post(f"/things/{number}")(handler)

async def main():
    config = OpenAPIConfig(title="t", version="1", render_plugins=[plugins.JsonRenderPlugin(path=["/", "/openapi.json"])])
    app = Litestar([route(number) for number in range(80)], openapi_config=config)
    app.openapi_schema
    print(f"at the start: {counts['objects']} objects")
    good = counts["objects"] == 0
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://t") as client:
        for number in (1, 2, 3):
            counts.update(objects=0, encodings=0)
            started = time.perf_counter()
            assert (await client.get("/schema")).status_code == 200
            print(f"request {number}:", counts, f"{(time.perf_counter() - started) * 1000:.0f} ms")
            good &= counts["encodings"] == 1 and (counts["objects"] > 1000) == (number == 1)
    return good

print("litestar", version("litestar"))
sys.exit(0 if asyncio.run(main()) else 1)
PYTHON
