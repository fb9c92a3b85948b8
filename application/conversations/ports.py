"""What an answer to a customer needs: all that it is made of, and whoever calls what is done for them. Answers that are made again have nobody for that."""

from __future__ import annotations

from typing import Protocol

from application.answers import ports as answers
from application.ports import ActionCaller


class Ports(answers.Ports, Protocol):
    @property
    def action_caller(self) -> ActionCaller: ...
