"""What a call of the completions API needs besides what an answer does."""

from __future__ import annotations

from typing import Protocol

from application.answers import ports as answers
from application.ports import ContentSource, Files


class Ports(answers.Ports, Protocol):
    @property
    def files(self) -> Files: ...
    @property
    def contents(self) -> ContentSource: ...
