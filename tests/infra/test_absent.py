"""A package that is not to be taken along is not found, for that long, and then it is."""

from __future__ import annotations

import json
import sys

import pytest

from infra.absent import absent


def test_it_is_not_found_inside_and_is_found_afterwards() -> None:
    sys.modules.pop("wave", None)
    with absent("json", "wave"):
        assert __import__("json") is json, "what is loaded stays"
        with pytest.raises(ModuleNotFoundError):
            __import__("wave")
    assert __import__("wave").open is not None
