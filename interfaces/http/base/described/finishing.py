"""What a whole description has beside its routes: the names of its tags, and what routes without a key say of security and of bad requests."""

from __future__ import annotations

from typing import Any

from interfaces.http.base.problem import MEDIA_TYPE
from interfaces.http.base.problem_kinds import TITLES

PROBLEM = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}


TAGS = {
    "actions": "What the agent may do, and what it has done.",
    "agent": "How the tenant's agent speaks and decides.",
    "alerts": "Rules, their states, and who is told.",
    "analytics": "Figures, views and exports.",
    "audit": "The log, its proofs and states.",
    "campaigns": "One message to many customers.",
    "channels": "Accounts of vendors, and deliveries.",
    "conversations": "Messages, answers, and operators who take over.",
    "customers": "Erasure of customers.",
    "deployments": "Versions of the agent on their way to all.",
    "documents": "Files that answers rest on.",
    "experiments": "Variants of the agent beside each other.",
    "feedback": "Ratings, corrections, and what customers did.",
    "flags": "What is switched on for whom.",
    "health": "Whether this process lives, and its metrics.",
    "keys": "A tenant's API keys.",
    "knowledge": "Entries that answers rest on.",
    "learning": "Datasets, evaluations, training sets, fine-tuning.",
    "operators": "Persons who work at the console.",
    "problems": "What errors mean.",
    "projections": "Read models.",
    "prompts": "Templates of prompts.",
    "providers": "Models, prices, health; OpenAI's API.",
    "routing": "Which model is asked for what.",
    "search": "Passages and offers that fit a question.",
    "shop": "Products, services, bookings, orders.",
    "tenants": "For the deployment's operator.",
    "webhooks": "Apps that are told of events.",
}
"""Of each tag a line."""


def finish(description: dict[str, Any]) -> None:
    """Add it."""
    used = set[str]()
    for path, item in description["paths"].items():
        for operation in item.values():
            if not isinstance(operation, dict) or "responses" not in operation:
                continue
            used.update(operation.get("tags", ()))
            operation.setdefault("security", [])
            for parameter in operation.get("parameters", ()):
                parameter["schema"] = _without_null(parameter["schema"])
            _say_bad_request(operation["responses"])
            _say_of_open_routes(path, operation["responses"])
            if "204" in operation["responses"]:
                operation["responses"]["204"].pop(
                    "content", None
                )  # there is no body, which litestar describes as null
    description["tags"] = [{"name": name, "description": TAGS[name]} for name in sorted(used)]


def _say_bad_request(responses: dict[str, Any]) -> None:
    """Any request may be one; litestar describes a form of its own for that, which nobody gets."""
    said = responses.get("400")
    if said is None or MEDIA_TYPE not in said.get("content", {}):
        responses["400"] = {"description": TITLES["invalid"][1], "content": PROBLEM}


def _say_of_open_routes(path: str, responses: dict[str, Any]) -> None:
    """What routes without a key say beside: that there is no such thing, or that a request's signature is none."""
    kinds = ["not-found"] if "{" in path else []
    kinds += ["forbidden"] if path.startswith("/webhooks/") else []
    for kind in kinds:
        status, title = TITLES[kind]
        responses.setdefault(str(status), {"description": title, "content": PROBLEM})


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """A parameter that is left out is not there; none is sent as null."""
    some = [each for each in schema.get("oneOf", ()) if each != {"type": "null"}]
    if not some or len(some) == len(schema["oneOf"]):
        return schema
    rest = {name: value for name, value in schema.items() if name != "oneOf"}
    return {**rest, **some[0]} if len(some) == 1 else {**rest, "oneOf": some}
