"""What may be stored and logged of an error: never personal text, secrets or values."""

from __future__ import annotations

from pathlib import Path
from traceback import extract_tb

import psycopg

from application.ports import Fault, ProviderError
from domain.base.errors import Refusal

LONGEST = 300
_ROOT = Path(__file__).parents[2]


def error_text(error: BaseException) -> str:
    """The error's class and a safe text: our own errors' messages, a database's SQLSTATE, else the place in our code.

    Messages of foreign errors quote what they were given, a customer's words perhaps; so do providers' answers.
    """
    name = type(error).__name__
    match error:
        case ProviderError():
            text = str(error.outcome)
        case Refusal() | Fault():
            text = str(error)
        case psycopg.Error():
            text = f"SQLSTATE {error.sqlstate}" if error.sqlstate else ""
        case _:
            text = _place(error)
    whole = f"{name}: {text}" if text else name
    return whole.replace("\0", "").encode(errors="replace").decode()[:LONGEST]


def _place(error: BaseException) -> str:
    for frame in reversed(extract_tb(error.__traceback__, limit=-50)):
        path = Path(frame.filename)
        if path.is_relative_to(_ROOT) and "site-packages" not in path.parts:
            return f"{path.relative_to(_ROOT)}:{frame.lineno}"
    return ""
