"""The lines of docs/clients.md for the clients of this environment, run as they stand."""

from __future__ import annotations

import os
import re
from typing import Any

import pytest
from conftest import KEY, URL

BLOCKS = re.findall(r"## (\S+)\n.*?```python\n(.*?)```", os.environ["RETRACE_PAGE"], flags=re.DOTALL)


def test_every_client_is_on_the_page() -> None:
    assert [name for name, _ in BLOCKS] == [
        "pydantic-ai",
        "openai-agents",
        "LlamaIndex",
        "LiteLLM",
        "instructor",
    ]


@pytest.mark.parametrize(("name", "lines"), BLOCKS)
def test_the_lines_of_a_client_run_as_they_stand(name: str, lines: str) -> None:
    lines = lines.replace("rt_…", KEY).replace("http://127.0.0.1:8080/v1", URL)
    known: dict[str, Any] = {"__name__": name}
    exec(compile(lines, name, "exec"), known)
    assert known["answer"]
