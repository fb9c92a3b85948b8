"""The demo: a tenant with its documents, questions through the HTTP API, answers with citations, one of them explained."""

from __future__ import annotations

import json
import time
import tomllib
from pathlib import Path
from typing import Any

import httpx
import msgspec
from rich.markup import escape

from application.audit.explanation import Explanation
from domain.retrieval.page_range import pages_told
from infra.settings import Settings
from interfaces import supervisor
from interfaces.cli.base import console
from interfaces.cli.demo import whatsapp
from interfaces.cli.demo.tenant import demo_key
from interfaces.cli.demo.twilio import Played, played
from interfaces.cli.look import print_why
from interfaces.waiting import Teller

DATA = Path(__file__).parent / "data"
DOCUMENTS = ("faq.pdf", "product-guide.pdf", "policies.txt")
PATIENCE = 30.0
"""Seconds for the documents to be processed."""


def run(settings: Settings, *, once: bool, llm: bool, teller: Teller) -> int:
    """The exit status: 0 when every question was answered as it should be."""
    started = time.monotonic()
    if llm:
        from interfaces.cli.demo.model import NAME, language_model

        with language_model(settings, teller) as with_model:
            return _run(with_model, once, f"openai/{NAME}", started, teller)
    return _run(settings, once, "local/extractive", started, teller)


def _run(settings: Settings, once: bool, model: str, started: float, teller: Teller) -> int:
    with played() as twilio:
        settings = msgspec.structs.replace(settings, twilio_base_url=twilio.url, public_url=None)
        return _shown(settings, once, model, started, teller, twilio)


def _shown(settings: Settings, once: bool, model: str, started: float, teller: Teller, twilio: Played) -> int:
    failed = 0

    def ready(tree: supervisor.Tree) -> None:
        nonlocal failed
        teller.say(f"PostgreSQL, Redis and three roles are up after {time.monotonic() - started:.1f} s")
        failed = _show(tree, model, teller, twilio)

    if once:
        with supervisor.tree(settings, teller.say, waits=teller.waits) as tree:
            tree.wait_ready()
            ready(tree)
    else:

        def asked(tree: supervisor.Tree) -> None:
            ready(tree)
            _where(tree)

        supervisor.up(settings, teller.say, asked, waits=teller.waits)
    return 1 if failed else 0


def _show(tree: supervisor.Tree, model: str, teller: Teller, twilio: Played) -> int:
    with teller.waits("the demo's tenant"):
        tenant, key = demo_key(tree)
    headers = {"X-Tenant-ID": tenant, "X-Tenant-API-Key": key}
    with httpx.Client(base_url=tree.url, headers=headers, timeout=90) as client:
        # A small model is slow to read: it gets one passage.
        shape = (
            {"document_results": 4}
            if model.startswith("local")
            else {"document_results": 1, "max_answer_tokens": 60, "temperature": 0}
        )
        configuration = {"name": "Nora", "default_model": model, **shape}
        client.put("/v1/agent/configuration", json=configuration).raise_for_status()
        position = "0"
        with teller.waits("the documents to be searchable"):
            for name in DOCUMENTS:
                answer = client.post(
                    "/v1/documents", files={"file": (name, (DATA / name).read_bytes())}
                ).raise_for_status()
                position = answer.headers.get("Retrace-Position", position)
            documents = _processed(client, position)
        chunks = sum(document["chunks"] for document in documents)
        teller.say(f"tenant {tenant}: {len(documents)} documents in {chunks} searchable chunks")
        failed = 0
        interaction, first = "", None
        for question in tomllib.loads((DATA / "questions.toml").read_text())["question"]:
            with teller.waits("the answer"):
                asked = _asked(client, question["text"])
            shown, right = _print(asked, question, exact=model.startswith("local"))
            failed += not right
            interaction, first = interaction or shown.headers["X-Interaction"], first or shown
            position = shown.headers.get("Retrace-Position", position)
        console.print("\n[bold]Why did it say this?[/bold] The first answer, explained from events alone:\n")
        reply = client.get(
            f"/v1/interactions/{interaction}/why", headers={"Retrace-Position": position}
        ).raise_for_status()
        print_why(msgspec.json.decode(reply.content, type=Explanation))
        assert first is not None
        _rate(tree.url, first.json(), teller)
        today = (
            client.get("/v1/providers/usage?by=all", headers={"Retrace-Position": position})
            .raise_for_status()
            .json()
        )
        for item in today["items"]:
            name = f"{item['provider']}/{item['model']}"
            took = "" if item["average_ms"] is None else f", {item['average_ms']:.1f} ms on average"
            teller.say(f"{name}: {item['calls']} calls, ${item['cost']}{took}")
        return failed + whatsapp.show(client, tenant, twilio, teller)


def _rate(url: str, shown: dict[str, Any], teller: Teller) -> None:
    """As the customer, who has no key but the token of the answer."""
    token = shown["feedback_token"]
    body = {"agent_interaction_id": shown["id"], "rating": "helpful", "feedback_token": token}
    httpx.post(f"{url}/v1/bot/feedback/submit/", json=body, trust_env=False).raise_for_status()
    teller.say("the first answer was rated as helpful by its feedback_token, without a key")


def _processed(client: httpx.Client, position: str) -> list[dict[str, Any]]:
    deadline = time.monotonic() + PATIENCE
    while True:
        items: list[dict[str, Any]] = (
            client.get("/v1/documents", headers={"Retrace-Position": position})
            .raise_for_status()
            .json()["items"]
        )
        if all(item["status"] in ("completed", "failed") for item in items) or time.monotonic() > deadline:
            return items
        time.sleep(0.1)


def _asked(client: httpx.Client, text: str) -> httpx.Response:
    message = {"customer": {"channel": "http", "address": "demo"}, "text": text, "wait": 60}
    return client.post("/v1/messages", json=message).raise_for_status()


def _print(reply: httpx.Response, question: dict[str, str], *, exact: bool) -> tuple[httpx.Response, bool]:
    took = reply.elapsed.total_seconds() * 1000
    shown = reply.json()
    reply.headers["X-Interaction"] = shown["id"]
    text = shown["answer"] or "(no answer yet)"
    cited = [citation["title"] for citation in shown["citations"]]
    right = shown["status"] == "answered"
    if exact and right:
        right = (
            question["expect"] in text and question["document"] in cited
            if "expect" in question
            else not cited
        )
    console.print(f"\n[bold]{escape(question['text'])}[/bold]")
    console.print(f"  {escape(text)}".replace("\n\n", "\n  "))
    marks = "  ".join(
        ", ".join(filter(None, [f"[{c['marker']}] {c['title']}", pages_told(c["page"], c["last_page"])]))
        for c in shown["citations"]
    )
    figures = f"{shown['provider']}/{shown['model']} · {took:.0f} ms · ${shown['cost']} · confidence {shown['confidence']}"
    console.print(
        f"  {escape(marks)}{'  ' if marks else ''}{figures}{'' if right else '  ← not as expected'}",
        style="dim",
    )
    return reply, right


def _where(tree: supervisor.Tree) -> None:
    tenant, key = demo_key(tree)
    body = json.dumps({"customer": {"channel": "http", "address": "me"}, "text": "Can I rent a tent?"})
    console.print(
        f"\n[bold]It is running:[/bold] {tree.url}   API description: {tree.url}/schema   Ctrl-C stops it.\n"
    )
    console.print(
        f"curl -s {tree.url}/v1/messages -H 'Authorization: Bearer {key}' -H 'Content-Type: application/json' -d '{body}'",
        markup=False,
        soft_wrap=True,
    )
    console.print(
        f".venv/bin/retrace events --tenant {tenant} --data {tree.settings.data}",
        markup=False,
        soft_wrap=True,
    )
