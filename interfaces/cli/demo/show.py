"""The demo: a tenant with all that it has, questions of each kind through the HTTP API, one answer explained; the shop; WhatsApp."""

from __future__ import annotations

import json
import time
from typing import Any

import httpx
import msgspec

from application.audit.explanation import Explanation
from infra.embedded.process import prepare_folder
from infra.settings import Settings
from interfaces import supervisor
from interfaces.cli.audit.why_shown import print_why
from interfaces.cli.base import console
from interfaces.cli.demo import shop, whatsapp
from interfaces.cli.demo.asking import ask_all, configure
from interfaces.cli.demo.filling import fill
from interfaces.cli.demo.patient import Patient
from interfaces.cli.demo.tenant import demo_key
from interfaces.cli.demo.twilio import Played, played
from interfaces.processes.keeping import Tree
from interfaces.waiting import Teller


def run(settings: Settings, *, once: bool, llm: bool, teller: Teller) -> int:
    """The exit status: 0 when every question was answered as it should be."""
    started = time.monotonic()
    if llm:
        from interfaces.cli.demo.model import NAME, language_model

        with language_model(settings, teller) as with_model:
            return _run(with_model, once, f"openai/{NAME}", started, teller)
    return _run(settings, once, "local/extractive", started, teller)


def _run(settings: Settings, once: bool, model: str, started: float, teller: Teller) -> int:
    prepare_folder(settings.data)
    with played(settings.data / "demo-twilio.json") as twilio:
        settings = msgspec.structs.replace(settings, twilio_base_url=twilio.url, public_url=None)
        return _shown(settings, once, model, started, teller, twilio)


def _shown(settings: Settings, once: bool, model: str, started: float, teller: Teller, twilio: Played) -> int:
    failed = 0

    def ready(tree: Tree) -> None:
        nonlocal failed
        teller.say(f"PostgreSQL, Redis and three roles are up after {time.monotonic() - started:.1f} s")
        failed = _show(tree, model, teller, twilio)

    if once:
        with supervisor.tree(settings, teller.say, waits=teller.waits) as tree:
            tree.wait_ready()
            ready(tree)
    else:

        def asked(tree: Tree) -> None:
            ready(tree)
            _where(tree)

        supervisor.up(settings, teller.say, asked, waits=teller.waits)
    return 1 if failed else 0


def _show(tree: Tree, model: str, teller: Teller, twilio: Played) -> int:
    with teller.waits("the demo's tenant"):
        tenant, key = demo_key(tree)
    headers = {"X-Tenant-ID": tenant, "X-Tenant-API-Key": key}
    with httpx.Client(base_url=tree.url, headers=headers, timeout=90, transport=Patient()) as client:
        filled = fill(client, teller)
        teller.say(
            f"tenant {tenant}: {filled.documents} documents in {filled.chunks} searchable chunks, {filled.entries} knowledge entries, "
            f"{filled.products} products, {filled.services} services"
        )
        asked = ask_all(client, model, ocr=filled.ocr, teller=teller)
        console.print("\n[bold]Why did it say this?[/bold] The first answer, explained from events alone:\n")
        position = {"Retrace-Position": asked.position}
        why = client.get(f"/v1/interactions/{asked.first['id']}/why", headers=position).raise_for_status()
        print_why(msgspec.json.decode(why.content, type=Explanation))
        _rate(tree.url, asked.first, teller)
        configure(client, model)
        failed = asked.failed + (shop.show(client) if model.startswith("local") else 0)
        failed += whatsapp.show(client, tenant, twilio, teller)
        usage = client.get("/v1/providers/usage?by=all", headers=position).raise_for_status().json()
        console.print()
        for item in usage["items"]:
            took = "" if item["average_ms"] is None else f", {item['average_ms']:.1f} ms on average"
            teller.say(f"{item['provider']}/{item['model']}: {item['calls']} calls, ${item['cost']}{took}")
        return failed


def _rate(url: str, shown: dict[str, Any], teller: Teller) -> None:
    """As the customer, who has no key but the token of the answer."""
    token = shown["feedback_token"]
    body = {"agent_interaction_id": shown["id"], "rating": "helpful", "feedback_token": token}
    httpx.post(f"{url}/v1/bot/feedback/submit/", json=body, trust_env=False).raise_for_status()
    teller.say("the first answer was rated as helpful by its feedback_token, without a key")


def _where(tree: Tree) -> None:
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
        f".venv/bin/retrace events --tenant {tenant} --data {tree.plan.data}",
        markup=False,
        soft_wrap=True,
    )
