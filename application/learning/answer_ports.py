"""What learning needs beside what an answer does: rates that are kept over all processes."""

from __future__ import annotations

from typing import Protocol

from application.answers import ports as answers
from application.ports import Buckets


class Ports(answers.Ports, Protocol):
    @property
    def buckets(self) -> Buckets: ...
