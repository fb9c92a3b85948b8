"""What the demo's tenant has: documents, knowledge, a catalogue; each put in once, also where the demo is begun again."""

from __future__ import annotations

import time
import tomllib
from pathlib import Path
from typing import Any

import httpx
import msgspec

from interfaces.waiting import Teller

DATA = Path(__file__).parent / "data"
DOCUMENTS = ("faq.pdf", "product-guide.pdf", "policies.txt")
SCANNED = "service-guide.pdf"
ENDED = ("completed", "failed")
PATIENCE = 60.0
"""Seconds for all of it to be found."""


class Filled(msgspec.Struct, frozen=True, kw_only=True):
    """`ocr`: whether scans are read here."""

    documents: int
    chunks: int
    entries: int
    products: int
    services: int
    ocr: bool


def fill(client: httpx.Client, teller: Teller) -> Filled:
    with teller.waits("the demo's data to be searchable"):
        position = 0
        for name in (*DOCUMENTS, SCANNED):
            content = (DATA / name).read_bytes()
            position = max(position, _sent(client, "/v1/documents", files={"file": (name, content)}))
        knowledge = {"file": ("knowledge.csv", (DATA / "knowledge.csv").read_bytes())}
        position = max(position, _sent(client, "/v1/knowledge/import", files=knowledge))
        goods = {kind: _offered(client, kind) for kind in ("products", "services")}
        documents = _ended(client, "/v1/documents", position, *ENDED)
        entries = _ended(client, "/v1/knowledge", position, "found")
        _indexed(client, [name for names in goods.values() for name in names])
    for each in documents:
        late = None if each["status"] in ENDED else "it is still being read"
        for told in filter(None, (late, each["reason"], *each["warnings"])):
            teller.say(f"{each['name']}: {told}")
    read = [each for each in documents if each["status"] == "completed"]
    return Filled(
        documents=len(read),
        chunks=sum(each["chunks"] for each in read),
        entries=len(entries),
        products=len(goods["products"]),
        services=len(goods["services"]),
        ocr=any(each["name"] == SCANNED and not each["warnings"] for each in read),
    )


def offer_named(client: httpx.Client, name: str) -> dict[str, Any]:
    """The product or service of this name, as it is now."""
    asked = {"query": name, "limit": 1, "least": 1}
    (found,) = client.post("/v1/catalog/search", json=asked).raise_for_status().json()["items"]
    offer: dict[str, Any] = found[found["kind"]]
    return offer


def _sent(client: httpx.Client, path: str, **body: Any) -> int:
    """The position of what it wrote."""
    return int(client.post(path, **body).raise_for_status().headers["Retrace-Position"])


def _offered(client: httpx.Client, kind: str) -> list[str]:
    """The names of all; those that are not there yet are added."""
    given: list[dict[str, Any]] = tomllib.loads((DATA / "catalogue.toml").read_text())[kind]
    there = client.get(f"/v1/catalog/{kind}").raise_for_status().json()["items"]
    known = {each["name"] for each in there}
    for each in given:
        if each["name"] not in known:
            _sent(client, f"/v1/catalog/{kind}", json={**each, "currency": "EUR"})
    return [each["name"] for each in given]


def _ended(client: httpx.Client, path: str, position: int, *statuses: str) -> list[dict[str, Any]]:
    """All, once they have come to one of the statuses."""
    until = time.monotonic() + PATIENCE
    while True:
        reply = client.get(path, headers={"Retrace-Position": str(position)})
        items: list[dict[str, Any]] = reply.raise_for_status().json()["items"]
        if all(each["status"] in statuses for each in items) or time.monotonic() > until:
            return items
        time.sleep(0.1)


def _indexed(client: httpx.Client, names: list[str]) -> None:
    """Wait until answers can tell of all of them."""
    until, missing = time.monotonic() + PATIENCE, names
    while missing and time.monotonic() < until:
        missing = [name for name in missing if not _is_found(client, name)]
        time.sleep(0.1)


def _is_found(client: httpx.Client, name: str) -> bool:
    found = client.post("/v1/search", json={"query": name}).raise_for_status().json()["items"]
    return any(each["title"] == name for each in found)
