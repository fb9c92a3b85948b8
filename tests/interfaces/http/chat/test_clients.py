"""The lines of docs/clients.md, run as they stand against a running server."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from typing import Any

from interfaces.bootstrap import Services
from tests.doubles.openai import Double
from tests.doubles.openai_saying import call
from tests.interfaces.http.chat.conftest import calls
from tests.interfaces.http.conftest import Customer

PAGE = Path(__file__).parents[4] / "docs" / "clients.md"


def says(body: dict[str, Any]) -> dict[str, Any]:
    if body.get("response_format"):
        return {"content": '{"city": "Oslo"}'}
    if body.get("tools") and body["messages"][-1]["role"] == "user":
        return {"tool_calls": [call("weather", '{"city": "Oslo"}')]}
    return {"content": "All is well."}


async def test_the_lines_of_the_page_run_as_they_stand(
    address: str, shop: Customer, parts: Services, upstream: Double
) -> None:
    upstream.script, upstream.says = (lambda body: "says"), says
    agent = {"default_model": "openai/gpt-4o-mini"}
    assert (await shop.http.put("/v1/agent/configuration", json=agent)).status_code == 200
    assert (await shop.http.put("/v1/flags/routing", json={"on": False})).status_code == 200
    page, _, _ = PAGE.read_text().partition("<!-- by make clients -->")  # these are run there
    lines = "\n".join(re.findall(r"```python\n(.*?)```", page, flags=re.DOTALL))
    lines = lines.replace("rt_…", shop.key).replace("http://127.0.0.1:8080", address)
    known: dict[str, Any] = {"__name__": "page"}
    await asyncio.to_thread(exec, compile(lines, str(PAGE), "exec"), known)
    assert known["answer"].choices[0].message.content == "All is well."
    assert known["told"].choices[0].message.content == "All is well."
    assert known["place"].city == "Oslo"
    assert known["seen"] == "All is well."
    assert known["ended"] == "All is well."
    assert len(known["drafts"].choices) == 2
    assert known["surest"].message.content == "All is well."
    assert len(known["vectors"].data[0].embedding) == len(known["found"]) == 1536
    assert known["then"].output_text == known["told_by_langchain"] == "All is well."
    assert len(await calls(parts, shop)) == 10
