"""Answers: the prompt that is sent, and what becomes of the completion.

Begin in `prompts.py`, then `citing.py`: the text that is told (`telling.py`), its citations (`attribution/`: whether they hold, how they are written out), how sure the agent is. `understanding/`: what a burst of messages
says. What the prompts and the agent's own texts say stands in `templates/`, what a tenant has them say in
`tenant_prompts.py`. `variant.py`: another agent than the one in force; `split.py`: who gets it; `serving.py`: what is served to whom. All
else is pure.
"""

from __future__ import annotations

from typing import Any

from domain.answers.serving import Serving
from domain.answers.tenant_prompts import Prompts
from domain.base.aggregate import Aggregate

AGGREGATES: tuple[type[Aggregate[Any]], ...] = (Prompts, Serving)
