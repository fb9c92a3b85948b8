"""The agent's configuration: a form, what it was before, and what has changed since."""

from __future__ import annotations

from typing import Any

import msgspec

from application.agents.agent import ConfigurationVersion
from application.audit.history import differences
from domain.agents.configuration import AgentConfiguration
from domain.base.errors import NotFound
from interfaces.http.agents import agent
from interfaces.http.agents.agent import RestoreIn
from interfaces.http.console.screens.form import Facts, Form
from interfaces.http.console.screens.screen import Screen
from interfaces.http.console.screens.shown import json_text
from interfaces.http.gateway import routing

SECTIONS = {
    "How it speaks": ("name", "personality", "tone", "restrictions", "disclaimers", "can_do", "cannot_do"),
    "That it is a machine": ("disclosure", "disclosures", "disclose_completions"),
    "Models": (
        "default_model",
        "fallback_models",
        "understanding_model",
        "temperature",
        "max_answer_tokens",
        "context_tokens",
        "summaries",
        "out_of_budget",
        "hand_over_out_of_budget",
    ),
    "When it answers": ("quiet_seconds", "burst_seconds", "session_minutes"),
    "When a person takes over": (
        "handoff_topics",
        "confidence_threshold",
        "handoff_after_failures",
        "handoff_minutes",
        "handoff_expired",
        "on_injection",
    ),
    "What it understands": (
        "spelling_correction",
        "business_names",
        "business_topics",
        "business_aliases",
        "synonyms",
    ),
    "What answers rest on": (
        "retrieve_documents",
        "document_results",
        "semantic_weight",
        "keyword_weight",
        "fusion",
        "attribution",
        "attribution_style",
        "retrieve_internet",
        "internet_results",
        "brands",
        "smallest_chunk",
        "largest_chunk",
        "chunk_overlap",
    ),
    "Feedback": ("feedback", "feedback_percentage", "feedback_days"),
}


def _change(facts: Facts) -> dict[str, Any]:
    """The version that the path names: what it changed, and what is otherwise now."""
    versions: list[ConfigurationVersion] = facts["versions"].items
    number = facts["path"]["version"]
    chosen = next((each for each in versions if each.version == number), None)
    if chosen is None:
        raise NotFound(f"there is no version {number} of the configuration")
    before = max(
        (each for each in versions if each.version < number), key=lambda each: each.version, default=None
    )
    earlier = before.configuration if before else AgentConfiguration()
    return {
        "chosen": chosen,
        "changed": _rows(earlier, chosen.configuration),
        "since": _rows(chosen.configuration, facts["agent"].configuration),
        "now": facts["agent"].version,
    }


def _rows(old: AgentConfiguration, new: AgentConfiguration) -> list[tuple[str, str, str]]:
    found = differences(msgspec.to_builtins(old), msgspec.to_builtins(new))
    return [(each.path, json_text(each.old), json_text(each.new)) for each in found]


SCREENS = (
    Screen(
        path="/console/agent",
        template="agent/configuration.html",
        reads={"agent": agent.read, "used": routing.in_use},
        forms={
            "configure": Form(
                route=agent.replace,
                body=AgentConfiguration,
                button="Save",
                done="Saved. It holds for what is answered from now on.",
                current=lambda facts: facts["agent"].configuration,
                sections=SECTIONS,
            )
        },
    ),
    Screen(
        path="/console/agent/versions", template="agent/versions.html", reads={"versions": agent.versions}
    ),
    Screen(
        path="/console/agent/versions/{version:int}",
        template="agent/version.html",
        reads={"agent": agent.read, "versions": agent.versions},
        more=_change,
        forms={
            "restore": Form(
                route=agent.restore,
                body=RestoreIn,
                fixed={"version": "{version}"},
                button="Restore this version",
                to="/console/agent",
                done="That configuration holds again, as a new version.",
                offered=lambda facts: facts["path"]["version"] != facts["now"],
            )
        },
    ),
)
