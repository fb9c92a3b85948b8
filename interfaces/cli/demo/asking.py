"""The demo's questions: of each kind one at least, each with its answer, what it cites, and what it cost."""

from __future__ import annotations

import time
import tomllib
from pathlib import Path
from typing import Any

import httpx
import msgspec
from rich.markup import escape

from domain.models.page_range import pages_told
from interfaces.cli.base import console
from interfaces.waiting import Teller

DATA = Path(__file__).parent / "data"
FIRST = "nora"
"""The configuration that answers, unless a question names another."""

# A small model is slow to read: it gets one passage.
SMALL = {"document_results": 1, "max_answer_tokens": 60, "temperature": 0}


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """`failed`: how many questions were not answered as they should be. `first`: the first answer, `position` that of the last."""

    failed: int
    first: dict[str, Any]
    position: str


def ask_all(client: httpx.Client, model: str, *, ocr: bool, teller: Teller) -> Asked:
    exact = model.startswith("local")
    questions: list[dict[str, Any]] = tomllib.loads((DATA / "questions.toml").read_text())["question"]
    failed, first, position, kind, set_up = 0, None, "0", "", ""
    begun = int(time.time())
    for question in questions:
        if question.get("needs") == "ocr" and not ocr:
            teller.say(f"not asked, since scans are not read here: {question['text']}")
            continue
        agent = question.get("agent", FIRST)
        if agent != set_up:
            configure(client, model, agent)
            set_up = agent
        if question["kind"] != kind:
            kind = question["kind"]
            console.print(f"\n[dim]── {kind}[/dim]")
        with teller.waits("the answer"):
            address = f"{question['customer']}-{begun}" if "customer" in question else "demo"
            message = {
                "customer": {"channel": "http", "address": address},
                "text": question["text"],
                "wait": 60,
            }
            reply = client.post("/v1/messages", json=message).raise_for_status()
        shown = reply.json()
        right = _is_right(shown, question, exact=exact)
        _print(shown, question["text"], reply.elapsed.total_seconds() * 1000, right=right)
        failed += not right
        first, position = first or shown, reply.headers.get("Retrace-Position", position)
    assert first is not None
    return Asked(failed=failed, first=first, position=position)


def configure(client: httpx.Client, model: str, agent: str = FIRST) -> None:
    """With this configuration the agent answers from here on."""
    configuration = tomllib.loads((DATA / "agents.toml").read_text())[agent]
    shape = {} if model.startswith("local") else SMALL
    body = {**configuration, "default_model": model, **shape}
    client.put("/v1/agent/configuration", json=body).raise_for_status()


def _is_right(shown: dict[str, Any], question: dict[str, Any], *, exact: bool) -> bool:
    if shown["status"] != "answered" or bool(shown["handoff"]) != question.get("handoff", False):
        return False
    cited = [citation["title"] for citation in shown["citations"]]
    if not exact:
        return True
    if question.get("expect", "") not in shown["answer"] or ("[1]" in shown["answer"]) > question.get(
        "marked", True
    ):
        return False
    return question["document"] in cited if "document" in question else not cited


def _print(shown: dict[str, Any], text: str, took: float, *, right: bool) -> None:
    console.print(f"\n[bold]{escape(text)}[/bold]")
    console.print(
        f"  {escape(shown['answer'] or '(no answer yet)')}".replace("\n\n", "\n").replace("\n", "\n  ")
    )
    marks = "  ".join(
        ", ".join(
            filter(None, [f"[{each['marker']}] {each['title']}", pages_told(each["page"], each["last_page"])])
        )
        for each in shown["citations"]
    )
    model = "no model" if shown["model"] is None else f"{shown['provider']}/{shown['model']}"
    figures = f"{model} · {took:.0f} ms · ${shown['cost']} · confidence {shown['confidence']}"
    console.print(
        f"  {escape(marks)}{'  ' if marks else ''}{figures}{'' if right else '  ← not as expected'}",
        style="dim",
    )
