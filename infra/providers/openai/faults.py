"""Errors of OpenAI's SDK as ours."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from application.ports import ProviderError
from infra.providers.faults import NONSENSE, connection


@contextmanager
def faults(seconds: float) -> Iterator[None]:
    """Whatever goes wrong, in our words."""
    with connection(seconds):
        try:
            yield
        except (ValueError, RecursionError):  # the last where it is nested too deeply
            raise ProviderError("unavailable", NONSENSE) from None
