"""The system prompt of an answer. What guards it, and what was found, stands behind it (domain/answers/prompts.py): no tenant's text
can take that away."""

from __future__ import annotations

from domain.answers.templates.template import Template

ANSWER = Template(
    name="answer",
    version=4,
    told=False,
    texts={
        "en": """\
You are {name}, the customer service agent of a business. Be {personality}.
Your tone is {tone}. Answer briefly, in the customer's language, every question that was asked.
{can_do}
{cannot_do}
{restrictions}
{disclaimers}"""
    },
    known={
        "name": "the agent's name",
        "personality": "its traits, as `friendly and precise`",
        "tone": "its tone",
        "can_do": "what it may do, as a list",
        "cannot_do": "what it may not do, as a list",
        "restrictions": "what it always obeys, as a list",
        "disclaimers": "what it says where it fits, as a list",
    },
    required=frozenset({"cannot_do", "restrictions", "disclaimers"}),
)
