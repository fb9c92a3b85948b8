#!/usr/bin/env bash
# httpx-sse 0.4.3 with httpx 0.28.1: four streams that the standard allows (html.spec.whatwg.org, 9.2.5 and 9.2.6) are read otherwise. The event
# behind a byte order mark is lost. An event whose lines end by a mere CR is held back until more bytes come. Once there was an `id`, each
# blank line, as after a comment that keeps the connection alive, makes an event with no data. What a `retry` alone stands in is an event too.
# Why it matters: a client parses data as JSON and breaks at the first empty one; a chat shows each piece one piece late, and the last only
# when the connection ends. Nothing is raised.
# Seen: "bom: ['b']", "id: ['a', '', '', 'b']", "retry: ['', 'a']", "cr: held back".
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check httpx==0.28.1 httpx-sse==0.4.3 2>"$folder/pip.log" || { cat "$folder/pip.log"; exit 2; }
"$folder/venv/bin/python" - <<'PYTHON'
import asyncio
import sys

import httpx
from httpx_sse import EventSource

KIND = {"content-type": "text/event-stream"}
STREAMS = {
    "bom": (b"\xef\xbb\xbfdata: a\n\ndata: b\n\n", ["b"]),
    "id": (b"id: 1\ndata: a\n\n: still here\n\n: still here\n\ndata: b\n\n", ["a", "", "", "b"]),
    "retry": (b"retry: 10\n\ndata: a\n\n", ["", "a"]),
}


class InTwoParts(httpx.AsyncByteStream):
    async def __aiter__(self):
        yield b"data: a\r\r"
        await asyncio.sleep(1)
        yield b"data: b\r\r"


async def held_back() -> bool:
    events = EventSource(httpx.Response(200, headers=KIND, stream=InTwoParts())).aiter_sse()
    try:
        async with asyncio.timeout(0.3):
            await anext(events)
    except TimeoutError:
        return True
    return False


same = True
for name, (stream, seen) in STREAMS.items():
    read = [event.data for event in EventSource(httpx.Response(200, headers=KIND, content=stream)).iter_sse()]
    print(f"{name}: {read}")
    same = same and read == seen
late = asyncio.run(held_back())
print("cr:", "held back" if late else "at once")
sys.exit(0 if same and late else 1)
PYTHON
