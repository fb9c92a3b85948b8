"""What the supervisor goes by, as plain values: how it is handed over to the small program that it is (`program.py`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple


class Plan(NamedTuple):
    """Made by `planning.py`. Holds the secrets of the settings: it is never shown, nor written anywhere but into a pipe."""

    data: Path
    host: str
    """That is listened on."""

    address: tuple[str, int]
    url: str
    """Of the HTTP role, as seen from this machine."""

    instance: str
    roles: Sequence[str]
    environment: Mapping[str, str]
    """Of every role; it has the addresses of servers that are given, not those of servers that are to be started."""

    own: Mapping[str, Mapping[str, str]]
    """Role → what it has beside that."""

    database_url: str | None
    redis_url: str | None
    """As given; None: it is to be started."""

    metrics_port: int | None
    """The supervisor's own."""

    note: str
    """For the data folder, as `interfaces/running.py` reads it."""

    @property
    def logs(self) -> Path:
        return self.data / "logs"

    @property
    def roles_log(self) -> Path:
        """Of the process that they are forked from."""
        return self.logs / "roles.log"

    def __repr__(self) -> str:
        return f"Plan({self.data}, {self.url})"


def plain(plan: Plan) -> dict[str, object]:
    """As JSON has it."""
    return {**plan._asdict(), "data": str(plan.data)}


def of_plain(values: dict[str, Any]) -> Plan:
    return Plan(**{**values, "data": Path(values["data"]), "address": tuple(values["address"])})
