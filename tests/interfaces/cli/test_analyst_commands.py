"""`retrace analyst`: a login to a tenant's views is made, shown and ended where nobody has a key at hand."""

from __future__ import annotations

import json

import psycopg
import pytest

from domain.base.errors import NotFound
from tests.interfaces.conftest import Run


def test_a_login_is_made_listed_and_ended(run: Run) -> None:
    tenant = json.loads(run("tenant", "create", "Shop", "--json").stdout)["tenant"]
    made = json.loads(run("analyst", "create", "report", "--tenant", tenant, "--days", "3", "--json").stdout)
    with psycopg.connect(made["address"]) as session:
        assert session.execute("SELECT current_user").fetchone() == (made["user"],)
    listed = run("analyst", "list", "--tenant", tenant)
    assert made["user"] in listed.stdout
    assert made["password"] not in listed.stdout
    ended = run("analyst", "revoke", made["login"], "--tenant", tenant)
    assert (ended.exit_code, ended.stdout) == (0, "It works no more.\n")
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(made["address"])
    (row,) = json.loads(run("analyst", "list", "--tenant", tenant, "--json").stdout)
    assert (row["name"], row["ended"]) == ("report", "revoked")
    with pytest.raises(NotFound):
        raise (run("analyst", "revoke", tenant, "--tenant", tenant).exception or AssertionError)
    assert run("analyst", "create", "x", "--tenant", tenant, "--days", "400").exit_code == 2
