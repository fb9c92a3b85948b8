"""A writer for each node of a Citus, where a server alone pretends to be one of one node (tests/citus.py)."""

from __future__ import annotations

import logging

import psycopg
import pytest

from infra.log import nodes
from infra.log.appender import Appender
from infra.log.nodes import NodesAppender
from tests.citus import pretend
from tests.infra.log.parts import context, log_on, started


@pytest.fixture(scope="module", name="spread_url")
def _spread_url(other_url: str) -> str:
    pretend(other_url)
    return other_url


def _node(url: str, **facts: object) -> None:
    """What the coordinator says of its node."""
    with psycopg.connect(url) as superuser:
        superuser.execute("SET allow_system_table_mods = on")
        for name, value in facts.items():
            superuser.execute(f"UPDATE pg_catalog.pg_dist_node SET {name} = %s".encode(), [value])


async def _calls(url: str, monkeypatch: pytest.MonkeyPatch) -> tuple[int, int]:
    """Of four saves of two tenants: those of the coordinator's writer, those of other writers."""
    counted = [0, 0]
    plain = Appender._take_off

    def counting(self: Appender) -> None:
        counted[not isinstance(self, NodesAppender)] += len(self._queue)
        plain(self)

    monkeypatch.setattr(Appender, "_take_off", counting)
    async with log_on(url) as log:
        assert isinstance(log.appender, NodesAppender)
        for of in [context(), context()] * 2:
            await log.store.save(started(), context=of)
    monkeypatch.undo()
    return counted[0], counted[1]


async def test_saves_go_to_the_node_that_holds_the_tenant(
    spread_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    by_coordinator, by_node = await _calls(spread_url, monkeypatch)
    assert by_coordinator == 0
    assert by_node >= 4


@pytest.mark.parametrize(
    ("facts", "said"),
    [({"nodeport": 1}, "is not reached from here"), ({"groupid": 7}, "is not that node of this Citus")],
)
async def test_a_node_that_is_not_reached_is_written_to_by_the_coordinator(
    facts: dict[str, object],
    said: str,
    spread_url: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    with psycopg.connect(spread_url) as superuser:
        before = superuser.execute("SELECT nodeport, groupid FROM pg_catalog.pg_dist_node").fetchone()
        assert before is not None
    _node(spread_url, **facts)
    if "groupid" in facts:  # the shard's place as well, else nobody has it
        with psycopg.connect(spread_url) as superuser:
            superuser.execute("SET allow_system_table_mods = on")
            superuser.execute("UPDATE pg_catalog.pg_dist_placement SET groupid = 7")
    try:
        with caplog.at_level(logging.WARNING, "retrace.log"):
            by_coordinator, by_node = await _calls(spread_url, monkeypatch)
    finally:
        _node(spread_url, nodeport=before[0], groupid=before[1])
        with psycopg.connect(spread_url) as superuser:
            superuser.execute("SET allow_system_table_mods = on")
            superuser.execute("UPDATE pg_catalog.pg_dist_placement SET groupid = 1")
    assert by_node == 0
    assert by_coordinator >= 4
    (line,) = [record.getMessage() for record in caplog.records]
    assert said in line, "it is said once"


async def test_a_tenant_is_looked_for_again_after_a_while(
    spread_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    of = context()
    async with log_on(spread_url) as log:
        appender = log.appender
        assert isinstance(appender, NodesAppender)
        await log.store.save(started(), context=of)
        assert appender._known[of.tenant.bytes][0] is not None
        _node(spread_url, isactive=False)
        try:
            await log.store.save(started(), context=of)
            assert appender._known[of.tenant.bytes][0] is not None, "it is taken to be there still"
            monkeypatch.setattr(nodes, "FRESH", 0.0)
            appender._known.clear()
            await log.store.save(started(), context=of)
            assert appender._known[of.tenant.bytes][0] is None
        finally:
            _node(spread_url, isactive=True)
