"""Told when an action is done, where no model says what came of it."""

from __future__ import annotations

from domain.answers.templates.template import Template

ACTION_DONE = Template(
    name="action_done",
    version=1,
    told=True,
    texts={
        "en": "{told}",
        "de": "{told}",
        "fr": "{told}",
        "es": "{told}",
        "it": "{told}",
        "pt": "{told}",
        "nl": "{told}",
        "pl": "{told}",
        "tr": "{told}",
        "ru": "{told}",
        "ar": "{told}",
    },
    known={"told": "what came of it, by the action's own wording"},
    required=frozenset({"told"}),
)
