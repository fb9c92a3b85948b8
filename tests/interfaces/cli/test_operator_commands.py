"""`retrace operator`: the first operator of a tenant is invited where there is nobody yet who could."""

from __future__ import annotations

import json

import pytest

from application.operators.tokens import parsed_link
from domain.base.errors import Conflict, NotFound
from tests.interfaces.conftest import Run


def test_an_operator_is_invited_by_a_link_that_is_shown_once(run: Run) -> None:
    tenant = json.loads(run("tenant", "create", "Shop", "--json").stdout)["tenant"]
    asked = ("operator", "create", "ann@example.com", "--tenant", tenant)
    made = json.loads(run(*asked, "--json", RETRACE_PUBLIC_URL="https://shop.example/api").stdout)
    address, _, token = made["link"].partition("?token=")
    assert address == "https://shop.example/api/console/accept"
    assert str(parsed_link(token).operator) == made["operator"]
    with pytest.raises(Conflict, match="who is invited"):
        raise run(*asked).exception or AssertionError
    shown = run(*asked, "--again", "--port", "8123")
    assert "http://127.0.0.1:8123/console/accept?token=rtl_" in shown.stdout
    assert "shown this once" in shown.stdout
    assert token not in shown.stdout
    with pytest.raises(NotFound, match="leave --again out"):
        raise (
            run("operator", "create", "bob@example.com", "--tenant", tenant, "--again").exception
            or AssertionError
        )
    refused = run("operator", "create", "bob@example.com", "--tenant", tenant, "--role", "boss")
    assert refused.exit_code == 2
    events = run("events", "--tenant", tenant, "--stream", f"operator/{made['operator']}", "--json").stdout
    assert [json.loads(line)["actor"] for line in events.splitlines()] == ["operator:cli"] * 2
    assert token not in events
