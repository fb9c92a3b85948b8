"""JSON lines on standard error: time, level, logger, message, facts, correlation id. No personal text ever goes in."""

from __future__ import annotations

import json
import logging
import traceback
from datetime import UTC, datetime

from domain.base.context import correlation


class JsonFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "from": record.name,
            # The event loop shows errors' texts, and what they tell of, from the second line on.
            "message": record.getMessage().partition("\n")[0],
            **getattr(record, "facts", {}),
        }
        if (begun_by := correlation.get()) is not None:
            line.setdefault("correlation", begun_by)
        if record.exc_info and record.exc_info[1] is not None:
            error = record.exc_info[1]
            line["error"] = type(error).__name__
            if frames := traceback.extract_tb(error.__traceback__):
                line["where"] = f"{frames[-1].filename}:{frames[-1].lineno}"
        return json.dumps(line)


def set_up(level: str) -> None:
    handler = logging.StreamHandler()
    handler.setFormatter(JsonFormatter())
    logging.basicConfig(level=level, handlers=[handler], force=True)
    for noisy in ("httpx", "httpcore", "openai", "psycopg.pool"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
