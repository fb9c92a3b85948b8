"""The text `null` in a query, which no parameter has for a value."""

from __future__ import annotations

import pytest

from tests.interfaces.http.conftest import Customer


@pytest.mark.parametrize("query", ["correlation=null", "limit=5&correlation=NULL"])
async def test_null_in_a_query_is_no_value(ours: Customer, query: str) -> None:
    reply = await ours.http.get(f"/v1/audit/events?{query}")
    assert reply.status_code == 400, reply.text
    message = "null is no value; leave it out, or send one"
    assert reply.json()["errors"] == [{"field": "correlation", "message": message}]


async def test_a_text_that_is_null_is_a_text(ours: Customer) -> None:
    reply = await ours.http.get("/v1/audit/events?actor=null")
    assert reply.status_code == 200
    assert reply.json()["items"] == []
