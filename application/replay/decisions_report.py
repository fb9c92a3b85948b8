"""What came of taking recorded verdicts again."""

from __future__ import annotations

from typing import Any

import msgspec

from domain.base.aggregate import Event
from domain.base.recorded import Recorded


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """The verdict at `position` of the log comes out otherwise; `again` None: none is taken. `recorded` and `again` are events' facts."""

    position: int
    stream: str
    recorded: dict[str, Any]
    again: dict[str, Any] | None


class DecisionsReplay(msgspec.Struct, kw_only=True):
    """`older`: taken by an earlier version of the rule, which nobody has any more; they are left out."""

    verdicts: int = 0
    older: int = 0
    differing: int = 0
    rows: list[Difference] = []

    def compare(self, recorded: Recorded, again: Event | None, rows: int) -> None:
        """`rows`: of those that differ, at most."""
        if again == recorded.event:
            return
        self.differing += 1
        if len(self.rows) < rows:
            assert recorded.event is not None
            self.rows.append(
                Difference(
                    position=recorded.position,
                    stream=f"{recorded.topic.partition('.')[0]}/{recorded.stream}",
                    recorded=_facts(recorded.event),
                    again=None if again is None else _facts(again),
                )
            )


def _facts(event: Event) -> dict[str, Any]:
    columns = ("originator_id", "originator_version", "timestamp")
    facts = {name: value for name, value in msgspec.structs.asdict(event).items() if name not in columns}
    return {"kind": event.TOPIC, **facts}
